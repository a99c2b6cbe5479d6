// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// What an operator asks of the database.
package struct PostgresOperations: Sendable {
    private typealias SQL = PackageResources
    /// Up to where counts are exact.
    private static let countLimit: Int64 = 20_000

    private let pool: PostgresPool

    /// Creates it over a pool, which must be running.
    package init(pool: PostgresPool) { self.pool = pool }

    /// Notifies the owners of shards, a notification for each line, which has less than 8,000 bytes.
    package func notifyOwners(_ lines: [String]) async throws {
        _ = try await pool.execute(PostgresStatement("hint", SQL.hint_sql), [.textArray(lines)])
    }

    /// Every shard, in order; counts what waits, which takes a second for each few million.
    package func shards() async throws -> [ShardOverview] {
        try await pool.execute(
            PostgresStatement("shards_overview", SQL.shards_overview_sql)
        ).map { row in
            ShardOverview(
                shard: try row.int2(0),
                epoch: try row.int8(1),
                owner: try row.int4OrNil(2),
                host: try row.textOrNil(3),
                expires: try row.instantOrNil(4),
                waiting: try row.int8(5),
                staged: try row.int8(6),
                oldestOverdue: try row.instantOrNil(7)
            )
        }
    }

    /// What metrics say; a few milliseconds however much waits.
    package func sample() async throws -> DatabaseSample {
        let results = try await pool.executeTogether([
            PostgresCommand(
                PostgresStatement("operator_sample", SQL.operator_sample_sql),
                [.int8(Self.countLimit)]
            ),
            PostgresCommand(PostgresStatement("operator_owners", SQL.operator_owners_sql)),
        ])
        guard let row = results[0].first else {
            throw StoreError(.corruptRow, "the database could not be sampled")
        }
        var owners: [Int16: Int32?] = [:]
        for row in results[1] { owners[try row.int2(0)] = .some(try row.int4OrNil(1)) }
        return DatabaseSample(
            armed: try row.int8(0),
            nextDue: try row.instantOrNil(1),
            outboxDepth: try row.int8(2),
            owners: owners
        )
    }
}
