// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres

/// Browsers that are told of reminders, in PostgreSQL.
package struct PostgresPushStore: PushSubscriptionStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool

    /// Creates a store over a pool, which must be running.
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

    package func add(
        _ subscription: PushSubscription,
        shard: Int16,
        userID: String,
        limit: Int
    ) async throws {
        _ = try await execute(
            "push_add",
            SQL.push_add_sql,
            [
                .int2(shard), .text(userID), .text(subscription.endpoint),
                .bytea(subscription.publicKey), .bytea(subscription.secret), .int8(Int64(limit)),
            ]
        )
    }

    package func remove(endpoint: String, shard: Int16, userID: String) async throws -> Bool {
        let parameters: [PostgresValue] = [.int2(shard), .text(userID), .text(endpoint)]
        return try await execute("push_remove", SQL.push_remove_sql, parameters).first != nil
    }

    package func remove(_ id: Int64, shard: Int16) async throws {
        _ = try await execute("push_forget", SQL.push_forget_sql, [.int2(shard), .int8(id)])
    }

    package func subscription(_ id: Int64, shard: Int16) async throws -> PushSubscription? {
        let parameters: [PostgresValue] = [.int2(shard), .int8(id)]
        return try await execute("push_read", SQL.push_read_sql, parameters).first.map { row in
            PushSubscription(
                id: try row.int8(0),
                endpoint: try row.text(1),
                publicKey: try row.bytea(2),
                secret: try row.bytea(3)
            )
        }
    }
}
