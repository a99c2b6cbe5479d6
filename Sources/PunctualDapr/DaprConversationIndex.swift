// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// How many conversations a user has: a state of its own that names them, for a state store cannot
/// be asked.
///
/// A name is there before its conversation is, and goes after it or when it has expired. What a
/// crash in between leaves is counted until then: one too many, not one too few. Only who deletes a
/// conversation while it is being replaced may have one that is not counted until it is replaced
/// again.
struct DaprConversationIndex: Sendable {
    let states: DaprStateStore
    let clock: WallClock

    /// Counts a conversation that is about to be kept for `ttlSeconds`.
    ///
    /// - Throws: ``Problem/tooManyConversations``.
    func add(_ key: ConversationKey, ttlSeconds: Int64) async throws {
        try await change(key) { expiries, name, now in
            guard expiries.count - (expiries[name] == nil ? 0 : 1) < Conversation.maximumCount
            else { throw Problem.tooManyConversations }
            guard expiries[name, default: 0] <= now + ttlSeconds else { return false }
            // A little longer, so that not every replacement of a conversation changes this, too.
            expiries[name] = now + ttlSeconds + ttlSeconds / 16 + 1
            return true
        }
    }

    /// Counts a conversation no more.
    func remove(_ key: ConversationKey) async throws {
        try await change(key) { expiries, name, _ in expiries.removeValue(forKey: name) != nil }
    }

    /// Changes when each name expires, in seconds since the epoch; `edit` is given the names that
    /// have not expired, the one that it is about, and the time, and says whether it changed any.
    private func change(
        _ key: ConversationKey,
        _ edit: (inout [String: Int64], String, Int64) throws -> Bool
    ) async throws {
        let state = "punctual.conversations.\(Base64.encodeURL(Array(key.userID.utf8)))"
        let name = Base64.encodeURL(Array(key.id.utf8))
        for _ in 0..<DaprStateStore.maximumAttempts {
            let (value, etag) = try await states.read(state)
            let now = clock().microsecondsSinceEpoch / 1_000_000
            var expiries = try Self.expiries(in: value).filter { $0.value > now }
            guard try edit(&expiries, name, now) else { return }
            let ttl = max(1, (expiries.values.max() ?? now) - now)
            let isWritten = try await states.write(state, etag: etag, ttlSeconds: ttl) { writer in
                for (name, expiry) in expiries {
                    writer.name(name)
                    writer.integer(expiry)
                }
            }
            if isWritten { return }
        }
        throw DaprStateStore.isContended
    }

    private static func expiries(in value: JSONValue?) throws -> [String: Int64] {
        guard let value else { return [:] }
        guard case .object(let members) = value else { throw DaprStateStore.isForeign }
        return try members.reduce(into: [:]) { expiries, member in
            guard case .integer(let expiry) = member.value else { throw DaprStateStore.isForeign }
            expiries[member.name] = expiry
        }
    }
}
