// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Synchronization

/// Profiles and tokens that live in memory.
final class InMemoryUserStore: ProfileStore, APITokenStore {
    private struct Token {
        var token: APIToken
        let userID: String
        let hash: [UInt8]
    }
    private struct State {
        var profiles: [String: UserProfile] = [:]
        var tokens: [Token] = []
    }
    private let state = Mutex(State())

    func profile(shard: Int16, userID: String) async throws -> UserProfile? {
        state.withLock { $0.profiles[userID] }
    }

    func save(
        _ profile: UserProfile,
        shard: Int16,
        userID: String,
        ownsEmail: Bool
    ) async throws {
        state.withLock { $0.profiles[userID] = profile }
    }

    func setFeed(_ token: String?, shard: Int16, userID: String) async throws {
        state.withLock { $0.profiles[userID, default: UserProfile()].feedToken = token }
    }

    func user(ofFeed token: String, shard: Int16) async throws -> User? {
        state.withLock { state in
            state.profiles.first { $0.value.feedToken == token }.map { User(id: $0.key) }
        }
    }

    func addToken(
        shard: Int16,
        userID: String,
        name: String,
        hash: [UInt8],
        actsForOthers: Bool,
        expiresAt: WallInstant?
    ) async throws -> APIToken? {
        state.withLock { state in
            let token = APIToken(
                id: Int64(state.tokens.count + 1),
                name: name,
                actsForOthers: actsForOthers,
                createdAt: TestServer.now,
                expiresAt: expiresAt
            )
            state.tokens.append(Token(token: token, userID: userID, hash: hash))
            return token
        }
    }

    func tokens(shard: Int16, userID: String) async throws -> [APIToken] {
        state.withLock { $0.tokens.filter { $0.userID == userID }.map(\.token) }
    }

    func deleteToken(shard: Int16, userID: String, id: Int64) async throws -> Bool {
        state.withLock { state in
            let count = state.tokens.count
            state.tokens.removeAll { $0.userID == userID && $0.token.id == id }
            return state.tokens.count < count
        }
    }

    func bearer(
        shard: Int16,
        hash: [UInt8]
    ) async throws -> (user: User, actsForOthers: Bool)? {
        state.withLock { state in
            state.tokens.first { $0.hash == hash }
                .map { (User(id: $0.userID), $0.token.actsForOthers) }
        }
    }
}
