// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
package import PunctualTime

/// Reminders, leases and staged events, in PostgreSQL, as one engine sees them.
package struct PostgresReminderStore: ReminderStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    private let leases: PostgresPool
    private let clock: WallClock
    private let engine: EngineNumber
    private let acquisition: PostgresStatement

    /// Creates the store of an engine.
    ///
    /// - Parameters:
    ///   - pool: for staging and recovery.
    ///   - leases: of one connection, so that a renewal never waits behind a stage; its session
    ///     holds the lock by which others notice that this engine has died.
    ///   - clock: what misfire is judged by.
    ///   - isSweeping: whether it is that of a sweep, which takes every shard that is free and does
    ///     not count as one of the engines that share them.
    package init(
        pool: PostgresPool,
        leases: PostgresPool,
        clock: @escaping WallClock,
        isSweeping: Bool = false
    ) {
        (self.pool, self.leases, self.clock) = (pool, leases, clock)
        engine = EngineNumber()
        acquisition =
            isSweeping
            ? PostgresStatement("lease_sweep", SQL.lease_sweep_sql)
            : PostgresStatement("lease_acquire", SQL.lease_acquire_sql)
    }

    package func acquire(
        leaseMilliseconds: Int,
        holding: [Int16] = []
    ) async throws -> LeaseAnswer {
        let number = try await engine.number(from: leases)
        let result = try await leases.execute(
            acquisition,
            [.int4(number), .int8(Int64(leaseMilliseconds)), .int2Array(holding)]
        )
        // One row without a shard when there was none to take.
        let reports = try result.compactMap { row in
            try row.int2OrNil(0).map { shard in
                ShardReport(
                    lease: ShardLease(shard: shard, epoch: try row.int8(1)),
                    earliestDue: try row.instantOrNil(2)
                )
            }
        }
        return LeaseAnswer(
            shards: reports,
            databaseTime: try result.first?.instant(3) ?? clock(),
            listeners: Int(try result.first?.int8(5) ?? 0),
            engines: Int(try result.first?.int4(4) ?? 1)
        )
    }

    package func renew(
        _ ranges: [StageRange],
        leaseMilliseconds: Int
    ) async throws -> LeaseAnswer {
        let number = try await engine.number(from: leases)
        let result = try await leases.execute(
            PostgresStatement("lease_renew", SQL.lease_renew_sql),
            ranges.parameters + [.int4(number), .int8(Int64(leaseMilliseconds))]
        )
        let reports = try result.map { row in
            var crowd: ShardReport.Crowd?
            if let middle = try row.instantOrNil(3), let end = try row.instantOrNil(4) {
                crowd = ShardReport.Crowd(middle: middle, end: end)
            }
            return ShardReport(
                lease: ShardLease(shard: try row.int2(0), epoch: try row.int8(1)),
                earliestDue: try row.instantOrNil(2),
                crowd: crowd
            )
        }
        return LeaseAnswer(
            shards: reports,
            databaseTime: try result.first?.instant(5) ?? clock(),
            listeners: Int(try result.first?.int8(6) ?? 0),
            engines: Int(try result.first?.int4(7) ?? 1)
        )
    }

    package func release(_ held: [ShardLease], isLast: Bool) async throws {
        let number = try await engine.number(from: leases)
        _ = try await leases.execute(
            PostgresStatement("lease_release", SQL.lease_release_sql),
            [
                .int2Array(held.map(\.shard)), .int8Array(held.map(\.epoch)), .int4(number),
                .bool(isLast),
            ]
        )
    }

    // Rows are decoded on Swift's thread pool: thousands of them would hold the loop up.
    @concurrent package func stage(
        _ ranges: [StageRange],
        upTo horizon: WallInstant,
        limit: Int
    ) async throws -> StageResult {
        let result = try await pool.execute(
            PostgresStatement("stage", SQL.stage_sql),
            ranges.parameters + [
                .timestamptz(horizon.microsecondsSinceEpoch), .int8(Int64(limit)),
                .timestamptz(clock().microsecondsSinceEpoch),
            ]
        )
        var staged = StageResult(events: [], remaining: [:])
        staged.events.reserveCapacity(result.rowCount)
        for row in result {
            if row.isNull(1) {
                staged.remaining[try row.int2(0)] = .init(
                    due: try row.instantOrNil(6),
                    hasLocked: try row.bool(9)
                )
            } else {
                staged.events.append(try StagedEvent(row))
            }
        }
        return staged
    }

    @concurrent package func stagedEvents(
        _ leases: [ShardLease],
        after key: OutboxKey?,
        limit: Int
    ) async throws -> [StagedEvent] {
        try await pool.execute(
            PostgresStatement("outbox_page", SQL.outbox_page_sql),
            [
                .int2Array(leases.map(\.shard)), .int2(key?.shard ?? -1), .int8(key?.sourceID ?? 0),
                .timestamp((key?.nominal.secondsSinceEpoch ?? 0) * 1_000_000), .int8(Int64(limit)),
            ]
        ).map { try StagedEvent($0) }
    }

    @concurrent package func stagedEvents(_ keys: [OutboxKey]) async throws -> [StagedEvent] {
        try await pool.execute(
            PostgresStatement("outbox_read", SQL.outbox_read_sql),
            [
                .int2Array(keys.map(\.shard)), .int8Array(keys.map(\.sourceID)),
                .timestampArray(keys.map { $0.nominal.secondsSinceEpoch * 1_000_000 }),
            ]
        ).map { try StagedEvent($0) }
    }
}

/// The number of this engine, drawn once from the database.
private actor EngineNumber {
    private var drawn: Int32?

    func number(from pool: PostgresPool) async throws -> Int32 {
        if let drawn { return drawn }
        let result = try await pool.execute(
            PostgresStatement("engine_number", PackageResources.engine_number_sql)
        )
        let number = try result.first?.int4(0) ?? 0
        // Two calls at once draw twice; the first number counts.
        drawn = drawn ?? number
        return drawn ?? number
    }
}

extension [StageRange] {
    fileprivate var parameters: [PostgresValue] {
        [
            .int2Array(map(\.lease.shard)), .int8Array(map(\.lease.epoch)),
            .timestamptzArrayOptional(map { $0.from?.microsecondsSinceEpoch }),
        ]
    }
}

extension StagedEvent {
    /// Reads a row of `outbox`.
    init(_ row: PostgresRow) throws {
        guard let type = EventType(rawValue: try row.text(3)) else {
            throw StoreError(
                .corruptRow,
                "outbox holds an event_type that this version does not know; upgrade"
            )
        }
        self.init(
            key: OutboxKey(
                shard: try row.int2(0),
                sourceID: try row.int8(1),
                nominal: try row.local(2)
            ),
            type: type,
            taskID: try row.int8OrNil(4),
            userID: try row.text(5),
            due: try row.instant(6),
            payload: try row.jsonText(7),
            traceparent: try row.textOrNil(8)
        )
    }
}
