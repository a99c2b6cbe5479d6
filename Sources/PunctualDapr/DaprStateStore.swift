// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import PunctualCore

/// A state store of Dapr, of which each state is changed only as it was read.
///
/// A write carries the ETag of that read and asks for `first-write`; whoever was not first reads
/// again. The store forgets a state after its `ttlInSeconds`.
struct DaprStateStore: Sendable {
    /// How often a change is begun anew because others changed the same state meanwhile.
    static let maximumAttempts = 16
    /// What is said when all of these were in vain.
    static let isContended = Problem(
        .conflict,
        "The conversations keep being changed by others; try again."
    )

    private let sidecar: DaprSidecar
    private let path: String

    /// Creates a client of the component that is named `name`.
    init(_ sidecar: DaprSidecar, name: String) {
        (self.sidecar, path) = (sidecar, "/v1.0/state/\(name)")
    }

    /// The value of a state and its ETag; both are nil when there is none.
    func read(_ key: String) async throws -> (value: JSONValue?, etag: String?) {
        let answer = try await send(.GET, "\(path)/\(key)?consistency=strong")
        if answer.status == 204 { return (nil, nil) }
        // Where it went wrong does not matter: somebody else wrote this state.
        guard let value = try? JSONReader.read(answer.body) else { throw Self.isForeign }
        return (value, answer.etag)
    }

    /// Writes a state as it was read with `etag`, or where there was none; false when it is another
    /// by now.
    func write(
        _ key: String,
        etag: String?,
        ttlSeconds: Int64,
        value: (inout JSONWriter) -> Void
    ) async throws -> Bool {
        var writer = JSONWriter()
        writer.array { writer in
            writer.object { writer in
                writer.member("key", key)
                writer.name("value")
                writer.object(value)
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
        return try await send(.POST, path, body: writer.text).status != 409
    }

    /// Deletes a state as it was read with `etag`; false when it is another by now.
    func delete(_ key: String, etag: String?) async throws -> Bool {
        let answer = try await send(
            .DELETE,
            "\(path)/\(key)?concurrency=first-write&consistency=strong",
            headers: etag.map { [("If-Match", $0)] } ?? []
        )
        return answer.status != 409
    }

    /// What is said of a state that is none of ours.
    static let isForeign = Problem(
        .unavailable,
        "The state store holds something else under this name."
    )

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
}
