// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
package import PunctualTime

/// Jobs, in PostgreSQL.
package struct PostgresJobStore: JobStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    private let ids = IDBlocks()

    /// Creates a store over a pool, which must be running.
    package init(pool: PostgresPool) { self.pool = pool }

    package func reserveID() async throws -> Int64 {
        while true {
            if let id = ids.take(1)?.first { return id }
            let result = try await execute("ids_reserve", SQL.ids_reserve_sql, [.int4(1)])
            ids.add(try result.map { try $0.int8(0) })
        }
    }

    package func put(_ job: Job, shard: Int16, overwriting: Bool) async throws -> [OutboxKey]? {
        try Self.unstaged(
            try await execute(
                "job_put",
                SQL.job_put_sql,
                [
                    .int2(shard), .text(job.name), .int8(job.id), .text(job.schedule),
                    .text(job.dueTime), .text(job.ttl), .int4(job.repeats), .text(job.data),
                    .text(job.failurePolicy), .timestamptz(job.due.microsecondsSinceEpoch),
                    .bool(overwriting), .timestamptz(job.expires?.microsecondsSinceEpoch),
                    Self.nominal(job.due),
                ]
            ),
            shard
        )
    }

    package func delete(name: String, shard: Int16) async throws -> [OutboxKey]? {
        try Self.unstaged(
            try await execute("job_delete", SQL.job_delete_sql, [.int2(shard), .text(name)]),
            shard
        )
    }

    package func job(named name: String, shard: Int16) async throws -> Job? {
        try await job([.int2(shard), .text(name), .int8(nil)])
    }

    package func job(id: Int64, shard: Int16) async throws -> Job? {
        try await job([.int2(shard), .text(nil), .int8(id)])
    }

    package func roll(
        id: Int64,
        shard: Int16,
        from due: WallInstant,
        to next: WallInstant?
    ) async throws {
        _ = try await execute(
            "job_roll",
            SQL.job_roll_sql,
            [
                .int2(shard), .int8(id), .timestamptz(due.microsecondsSinceEpoch),
                .timestamptz(next?.microsecondsSinceEpoch), Self.nominal(next ?? due),
                Self.nominal(due),
            ]
        )
    }

    private func job(_ key: [PostgresValue]) async throws -> Job? {
        try await execute("job_read", SQL.job_read_sql, key).first.map { row in
            var job = Job(name: try row.text(0), id: try row.int8(1), due: try row.instant(9))
            (job.schedule, job.dueTime) = (try row.textOrNil(2), try row.textOrNil(3))
            (job.ttl, job.repeats) = (try row.textOrNil(4), try row.int4OrNil(5))
            (job.data, job.failurePolicy) = (try row.textOrNil(6), try row.textOrNil(7))
            (job.fired, job.expires) = (try row.int4(8), try row.instantOrNil(10))
            return job
        }
    }

    /// What the answer says was staged; nil when there was nothing to write or to delete.
    private static func unstaged(_ result: PostgresResult, _ shard: Int16) throws -> [OutboxKey]? {
        guard let first = result.first, try first.int8(0) > 0 else { return nil }
        return try result.compactMap { row in
            try row.int8OrNil(1).map {
                OutboxKey(shard: shard, sourceID: $0, nominal: try row.local(2))
            }
        }
    }

    /// The nominal time of an instant: its whole second in UTC.
    private static func nominal(_ instant: WallInstant) -> PostgresValue {
        .timestamp(instant.secondsSinceEpoch * 1_000_000)
    }

    private func execute(
        _ name: String,
        _ sql: [UInt8],
        _ parameters: [PostgresValue]
    ) async throws -> PostgresResult {
        do {
            return try await pool.execute(PostgresStatement(name, sql), parameters)
        } catch let error as PostgresError { throw error.asProblem }
    }
}
