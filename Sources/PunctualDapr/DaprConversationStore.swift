// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
internal import PunctualTime

/// Conversations, in a state store of Dapr.
///
/// A conversation is one state: an object with its parts, of which `messages` and `metadata` are
/// JSON in a string, for a store may write numbers and escapes in another way.
package struct DaprConversationStore: ConversationStore {
    private let states: DaprStateStore
    private let index: DaprConversationIndex
    private let clock: WallClock

    /// Creates a store over the component that is named `store`.
    package init(_ sidecar: DaprSidecar, store: String, clock: @escaping WallClock) {
        states = DaprStateStore(sidecar, name: store)
        index = DaprConversationIndex(states: states, clock: clock)
        self.clock = clock
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
        for _ in 0..<DaprStateStore.maximumAttempts {
            let (old, etag) = try await read(key)
            guard condition.holds(for: old) else { return nil }
            try await index.add(key, ttlSeconds: ttlSeconds)
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
            let isWritten = try await states.write(key.state, etag: etag, ttlSeconds: ttlSeconds) {
                new.write(to: &$0)
            }
            if isWritten { return new }
        }
        throw DaprStateStore.isContended
    }

    package func delete(_ key: ConversationKey, if condition: WriteCondition) async throws -> Bool {
        for _ in 0..<DaprStateStore.maximumAttempts {
            let (old, etag) = try await read(key)
            if let old {
                guard condition.holds(for: old) else { return false }
                guard try await states.delete(key.state, etag: etag) else { continue }
            }
            // Also when it was gone: whoever deleted it may have come no further.
            try await index.remove(key)
            return old != nil
        }
        throw DaprStateStore.isContended
    }

    /// What is kept, and the ETag of the state; one that has expired is as if it had never been,
    /// but its ETag is needed to replace it where the store has not forgotten it yet.
    private func read(
        _ key: ConversationKey
    ) async throws -> (conversation: Conversation?, etag: String?) {
        let (value, etag) = try await states.read(key.state)
        guard let value else { return (nil, nil) }
        guard let conversation = Conversation(id: key.id, value) else {
            throw DaprStateStore.isForeign
        }
        return (conversation.expiresAt > clock() ? conversation : nil, etag)
    }
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
    /// Writes the members of its state.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("messages", messages)
        if let metadata { writer.member("metadata", metadata) }
        writer.member("created_at", createdAt)
        writer.member("updated_at", updatedAt)
        writer.member("expires_at", expiresAt)
        writer.member("version", version)
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
