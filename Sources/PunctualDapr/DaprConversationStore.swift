// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
package import PunctualCore
internal import PunctualTime

/// Conversations, in a state store of Dapr.
///
/// A conversation is one state: an object with its parts, of which `messages` and `metadata` are
/// JSON in a string, for a store may write numbers and escapes in another way. It is changed only
/// as it was read: each write carries the ETag of that read and asks for `first-write`, and begins
/// anew when somebody else was faster. The store forgets it after its `ttlInSeconds`.
package struct DaprConversationStore: ConversationStore {
    /// How often a write is begun anew because others changed the same conversation meanwhile.
    static let maximumAttempts = 16

    private let sidecar: DaprSidecar
    private let path: String
    private let clock: WallClock

    /// Creates a store over the component that is named `store`.
    package init(_ sidecar: DaprSidecar, store: String, clock: @escaping WallClock) {
        (self.sidecar, self.clock) = (sidecar, clock)
        path = "/v1.0/state/\(store)"
    }

    package func conversation(_ key: ConversationKey) async throws -> Conversation? {
        try await read(key).conversation
    }

    package func put(
        _ key: ConversationKey,
        messages: String,
        metadata: String?,
        ttlSeconds: Int64,
        if condition: WriteCondition
    ) async throws -> Conversation? {
        for _ in 0..<Self.maximumAttempts {
            let (old, etag) = try await read(key)
            guard condition.holds(for: old) else { return nil }
            let now = clock()
            let new = Conversation(
                id: key.id,
                messages: messages,
                metadata: metadata,
                createdAt: old?.createdAt ?? now,
                updatedAt: now,
                expiresAt: now.adding(microseconds: ttlSeconds * 1_000_000),
                version: (old?.version ?? 0) + 1
            )
            let body = new.request(key: key.state, etag: etag, ttlSeconds: ttlSeconds)
            if try await send(.POST, path, body: body).status != 409 { return new }
        }
        throw Self.isContended
    }

    package func delete(_ key: ConversationKey, if condition: WriteCondition) async throws -> Bool {
        for _ in 0..<Self.maximumAttempts {
            let (old, etag) = try await read(key)
            guard let old, condition.holds(for: old) else { return false }
            let answer = try await send(
                .DELETE,
                "\(path)/\(key.state)?concurrency=first-write&consistency=strong",
                headers: etag.map { [("If-Match", $0)] } ?? []
            )
            if answer.status != 409 { return true }
        }
        throw Self.isContended
    }

    /// What is kept, and the ETag of the state; one that has expired is as if it had never been,
    /// but its ETag is needed to replace it where the store has not forgotten it yet.
    private func read(
        _ key: ConversationKey
    ) async throws -> (conversation: Conversation?, etag: String?) {
        let answer = try await send(.GET, "\(path)/\(key.state)?consistency=strong")
        if answer.status == 204 { return (nil, nil) }
        guard let value = try? JSONReader.read(answer.body),
            let conversation = Conversation(id: key.id, value)
        else {
            throw Problem(.unavailable, "The state store holds something else under this name.")
        }
        return (conversation.expiresAt > clock() ? conversation : nil, answer.etag)
    }

    /// Sends a request; 409 and every success are for the caller.
    private func send(
        _ method: HTTPMethod,
        _ path: String,
        headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> DaprAnswer {
        let answer: DaprAnswer
        do {
            answer = try await sidecar.send(
                method,
                path,
                api: .state,
                headers: headers,
                body: body,
                // Somebody waits for it; while the sidecar is away only as long as it may return.
                timeout: sidecar.problem(with: .health) == nil ? .seconds(5) : .seconds(1)
            )
        } catch {
            throw Problem(.unavailable, "The state store cannot be reached; try again.")
        }
        guard answer.isSuccess || answer.status == 409 else {
            // What the sidecar says may name the store, and is for the log.
            throw DaprError(
                description: "the state store answered \(answer.status): \(answer.excerpt)"
            )
        }
        return answer
    }

    private static let isContended = Problem(
        .conflict,
        "The conversation keeps being changed by others."
    )
}

extension ConversationKey {
    /// The name of the state: of characters that no URL and no store takes for something else.
    fileprivate var state: String {
        let parts = [userID, id].map { Base64.encodeURL(Array($0.utf8)) }
        return "punctual.conversation.\(parts[0]).\(parts[1])"
    }
}

extension WriteCondition {
    fileprivate func holds(for conversation: Conversation?) -> Bool {
        switch self {
        case .none: true
        case .absent: conversation == nil
        case .present: conversation != nil
        case .version(let version): conversation?.version == version
        }
    }
}

extension Conversation {
    /// What is posted to the state API.
    fileprivate func request(key: String, etag: String?, ttlSeconds: Int64) -> String {
        var writer = JSONWriter()
        writer.array { writer in
            writer.object { writer in
                writer.member("key", key)
                writer.name("value")
                writer.object { writer in
                    writer.member("messages", messages)
                    if let metadata { writer.member("metadata", metadata) }
                    writer.member("created_at", createdAt)
                    writer.member("updated_at", updatedAt)
                    writer.member("expires_at", expiresAt)
                    writer.member("version", version)
                }
                if let etag { writer.member("etag", etag) }
                writer.name("metadata")
                writer.object { $0.member("ttlInSeconds", String(ttlSeconds)) }
                writer.name("options")
                writer.object { writer in
                    // Without an ETag it means: only if there is none.
                    writer.member("concurrency", "first-write")
                    writer.member("consistency", "strong")
                }
            }
        }
        return writer.text
    }

    /// Reads what a state store gave back; nil when it is no conversation.
    fileprivate init?(id: String, _ value: JSONValue) {
        func instant(_ name: String) -> WallInstant? {
            // What is wrong with it is of no use: nobody wrote it as a conversation.
            if case .string(let text) = value[name] { try? WallInstant(rfc3339: text) } else { nil }
        }
        guard case .string(let messages) = value["messages"],
            case .integer(let version) = value["version"],
            let createdAt = instant("created_at"), let updatedAt = instant("updated_at"),
            let expiresAt = instant("expires_at")
        else { return nil }
        var metadata: String?
        if case .string(let text) = value["metadata"] { metadata = text }
        self.init(
            id: id,
            messages: messages,
            metadata: metadata,
            createdAt: createdAt,
            updatedAt: updatedAt,
            expiresAt: expiresAt,
            version: version
        )
    }
}
