// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
package import PunctualTime

/// What users have chosen, and their tokens, in PostgreSQL.
package struct PostgresUserStore: ProfileStore, APITokenStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool

    /// Creates a store over a running pool.
    package init(pool: PostgresPool) { self.pool = pool }

    private func execute(
        _ name: String,
        _ sql: [UInt8],
        _ parameters: [PostgresValue]
    ) async throws -> PostgresResult {
        do {
            return try await pool.execute(PostgresStatement(name, sql), parameters)
        } catch let error as PostgresError { throw error.asProblem }
    }

    package func profile(shard: Int16, userID: String) async throws -> UserProfile? {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID)]
        return try await execute("profile_read", SQL.profile_read_sql, parameters).first.map {
            row in
            var profile = UserProfile()
            profile.email = try row.textOrNil(0)
            profile.timezone = try row.textOrNil(1)
            profile.defaultReminders = try row.textArrayOrNil(2)?.compactMap { text in
                try text.map { try CalendarDuration($0) }
            }
            if let start = try row.int2OrNil(3), let end = try row.int2OrNil(4) {
                profile.quietHours = .init(start: start, end: end)
            }
            profile.muted = Set(try row.textArray(5).compactMap(UserProfile.Channel.init))
            profile.feedToken = try row.textOrNil(6)
            return profile
        }
    }

    package func save(
        _ profile: UserProfile,
        shard: Int16,
        userID: String,
        ownsEmail: Bool
    ) async throws {
        _ = try await execute(
            "profile_save",
            SQL.profile_save_sql,
            [
                .int2(shard), .text(userID), .text(profile.email), .text(profile.timezone),
                .textArray(profile.defaultReminders?.map(\.description)),
                .int2(profile.quietHours?.start), .int2(profile.quietHours?.end),
                .textArray(profile.muted.map(\.rawValue).sorted()), .bool(ownsEmail),
            ]
        )
    }

    package func setFeed(_ token: String?, shard: Int16, userID: String) async throws {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .text(token)]
        _ = try await execute("feed_set", SQL.feed_set_sql, parameters)
    }

    package func user(ofFeed token: String, shard: Int16) async throws -> User? {
        try await execute("feed_user", SQL.feed_user_sql, [.int2(shard), .text(token)]).first.map {
            User(id: try $0.text(0), email: try $0.textOrNil(1))
        }
    }

    package func addToken(
        shard: Int16,
        userID: String,
        name: String,
        hash: [UInt8],
        actsForOthers: Bool,
        expiresAt: WallInstant?
    ) async throws -> APIToken? {
        try await execute(
            "api_token_add",
            SQL.api_token_add_sql,
            [
                .int2(shard), .text(userID), .text(name), .bytea(hash), .bool(actsForOthers),
                .timestamptz(expiresAt?.microsecondsSinceEpoch),
                .int8(Int64(APIToken.maximumCount)),
            ]
        ).first.map { try APIToken($0) }
    }

    package func tokens(shard: Int16, userID: String) async throws -> [APIToken] {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID)]
        return try await execute("api_tokens_list", SQL.api_tokens_list_sql, parameters)
            .map { try APIToken($0) }
    }

    package func deleteToken(shard: Int16, userID: String, id: Int64) async throws -> Bool {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .int8(id)]
        return try await execute("api_token_delete", SQL.api_token_delete_sql, parameters).first
            != nil
    }

    package func bearer(
        shard: Int16,
        hash: [UInt8]
    ) async throws -> (user: User, actsForOthers: Bool)? {
        let parameters: [PostgresValue] = [.int2(shard), .bytea(hash)]
        return try await execute("api_token_user", SQL.api_token_user_sql, parameters).first.map {
            (User(id: try $0.text(0), email: try $0.textOrNil(1)), try $0.bool(2))
        }
    }
}

extension APIToken {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.int8(0),
            name: try row.text(1),
            actsForOthers: try row.bool(2),
            createdAt: try row.instant(3),
            expiresAt: try row.timestamptzOrNil(4).map(WallInstant.init(microsecondsSinceEpoch:))
        )
    }
}
