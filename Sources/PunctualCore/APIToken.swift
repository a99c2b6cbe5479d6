// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import PunctualTime

/// A long-lived token of a program, which a user made and can take back.
package struct APIToken: Sendable {
    /// What every token begins with, so that it is told from a JWT, and found by secret scanners.
    package static let prefix = "punctual_"
    /// Tokens of a user at most.
    package static let maximumCount = 100
    /// Characters of a name at most.
    package static let maximumName = 100

    /// Unique within the database.
    package var id: Int64
    /// What the user calls it.
    package var name: String
    /// Whether its bearer may name any user, by `X-Punctual-User`.
    package var actsForOthers: Bool
    /// When it was made.
    package var createdAt: WallInstant
    /// When it ends, if ever.
    package var expiresAt: WallInstant?

    /// Creates a token from its parts.
    package init(
        id: Int64,
        name: String,
        actsForOthers: Bool,
        createdAt: WallInstant,
        expiresAt: WallInstant?
    ) {
        (self.id, self.name, self.actsForOthers) = (id, name, actsForOthers)
        (self.createdAt, self.expiresAt) = (createdAt, expiresAt)
    }
}

/// Where tokens are kept, by their digests.
package protocol APITokenStore: Sendable {
    /// Adds a token; nil when the user has ``APIToken/maximumCount``.
    func addToken(
        shard: Int16,
        userID: String,
        name: String,
        hash: [UInt8],
        actsForOthers: Bool,
        expiresAt: WallInstant?
    ) async throws -> APIToken?
    /// The user's tokens, oldest first.
    func tokens(shard: Int16, userID: String) async throws -> [APIToken]
    /// Removes a token; whether there was one of that id.
    func deleteToken(shard: Int16, userID: String, id: Int64) async throws -> Bool
    /// Whose token it is, and whether its bearer may act for others; nil for none that is good.
    func bearer(shard: Int16, hash: [UInt8]) async throws -> (user: User, actsForOthers: Bool)?
}

/// What can be done with tokens.
package struct APITokenService: Sendable {
    private let store: any APITokenStore
    private let shards: ShardMap

    /// Creates a service over its store.
    package init(store: any APITokenStore, shards: ShardMap) {
        (self.store, self.shards) = (store, shards)
    }

    /// Makes a token, whose text is given here and never again.
    package func make(
        name: String,
        actsForOthers: Bool = false,
        expiresAt: WallInstant?,
        user: User
    ) async throws -> (token: APIToken, text: String) {
        guard (1...APIToken.maximumName).contains(name.unicodeScalars.count) else {
            throw Problem.invalid("/name", "has not 1 to \(APIToken.maximumName) characters")
        }
        let shard = shards.shard(of: user.id)
        let text = "\(APIToken.prefix)\(shard)_\(randomToken())"
        let token = try await store.addToken(
            shard: shard,
            userID: user.id,
            name: name,
            hash: Self.hash(text),
            actsForOthers: actsForOthers,
            expiresAt: expiresAt
        )
        guard let token else {
            throw Problem(
                .conflict,
                "There are \(APIToken.maximumCount) tokens already; delete one that is not used."
            )
        }
        return (token, text)
    }

    /// The user's tokens, oldest first.
    package func all(of user: User) async throws -> [APIToken] {
        try await store.tokens(shard: shards.shard(of: user.id), userID: user.id)
    }

    /// Takes a token back.
    package func delete(_ id: Int64, user: User) async throws {
        let shard = shards.shard(of: user.id)
        guard try await store.deleteToken(shard: shard, userID: user.id, id: id) else {
            throw Problem(.notFound, "There is no token \(id).")
        }
    }

    /// Whose token a text is, and whether its bearer may act for others; nil for none that is good.
    package func bearer(of text: String) async throws -> (user: User, actsForOthers: Bool)? {
        let parts = text.dropFirst(APIToken.prefix.count).split(separator: "_")
        guard text.hasPrefix(APIToken.prefix), parts.count == 2, let shard = Int16(parts[0]),
            (0..<shards.count).contains(Int(shard))
        else { return nil }
        return try await store.bearer(shard: shard, hash: Self.hash(text))
    }

    private static func hash(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }
}
