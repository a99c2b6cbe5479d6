// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualPostgres
internal import PunctualTime

/// Tasks, in PostgreSQL.
package struct PostgresTaskStore: TaskStore {
    private typealias SQL = PackageResources

    private let pool: PostgresPool
    let search: PostgresPool
    private let ids = IDBlocks()
    private let groups: ChangeGroups

    /// Creates a store over a pool, and one for lists and searches; both must be running.
    package init(pool: PostgresPool, search: PostgresPool? = nil) {
        (self.pool, self.search) = (pool, search ?? pool)
        groups = ChangeGroups { _ = try await pool.execute(.changeCreate, $0.creations) }
    }

    package func reserveIDs(_ count: Int) async throws -> [Int64] {
        while true {
            if let ids = ids.take(count) { return ids }
            let blocks = count / Int(IDBlocks.blockSize) + 4
            let result = try await execute(
                PostgresStatement("ids_reserve", SQL.ids_reserve_sql),
                [.int4(Int32(blocks))]
            )
            ids.add(try result.map { try $0.int8(0) })
        }
    }

    package func returnIDs(_ unused: [Int64]) { ids.giveBack(unused) }

    package func task(shard: Int16, userID: String, id: Int64) async throws -> TaskItem? {
        try await execute(
            PostgresStatement("task_read", SQL.task_read_sql),
            [.int2(shard), .text(userID), .int8(id)]
        ).first.map { row in
            do { return try TaskItem(row) } catch { throw TaskStoreError.unreadable("\(error)") }
        }
    }

    package func successor(shard: Int16, of predecessorID: Int64) async throws -> TaskItem? {
        try await execute(
            PostgresStatement("task_successor", SQL.task_successor_sql),
            [.int2(shard), .int8(predecessorID)]
        ).first.map { try TaskItem($0) }
    }

    package func tasks(
        shard: Int16,
        userID: String,
        matching query: TaskQuery
    ) async throws -> TaskPage {
        let cursor = try query.cursor.map { try TaskCursor($0, query.sort) }
        // The longest first: the fewest texts have it.
        let words = query.words.sorted { $0.utf8.count > $1.utf8.count }
        let result = try await execute(
            query.statement,
            [
                .int2(shard), .text(userID), .text(query.status?.rawValue),
                .int2Array(query.priorities.isEmpty ? nil : query.priorities.map(\.rank)),
                .textArray(query.tags.isEmpty ? nil : query.tags),
                .timestamptz(query.dueBefore?.microsecondsSinceEpoch),
                .timestamptz(query.dueAfter?.microsecondsSinceEpoch),
                .int8(query.seriesID), .int8(cursor?.key), .int8(cursor?.id),
                .int8(Int64(query.limit) + 1), .bool(query.isPaused),
                .textArray(words.isEmpty ? nil : words),
            ],
            in: search
        )
        let rows = result.prefix(query.limit)
        let last = result.rowCount > query.limit ? rows.last : nil
        return TaskPage(
            items: try rows.map { try TaskItem($0) },
            nextCursor: try last.map { TaskCursor(key: try $0.int8(34), id: try $0.int8(1)).text }
        )
    }

    package func apply(_ change: ChangeSet) async throws -> ChangeOutcome {
        do {
            guard !ChangeGroups.takes(change) else {
                try await groups.apply(change)
                return ChangeOutcome()
            }
            let result = try await write(change)
            return try Self.outcome(result, waiting: 1, staged: 2)
        } catch let error as PostgresError {
            if error.sqlState == "PC001" || error.constraint == "tasks_predecessor" {
                throw TaskStoreError.conflict
            }
            if error.constraint == "idempotency_keys_pkey", let answer = change.answer,
                let given = try await self.answer(
                    shard: answer.shard,
                    userID: answer.userID,
                    key: answer.key
                )
            {
                throw TaskStoreError.answered(given)
            }
            throw error.asProblem
        }
    }

    /// Writes one change, with its marks in the same transaction.
    private func write(_ change: ChangeSet) async throws -> PostgresResult {
        guard !change.marks.isEmpty else {
            return try await pool.execute(.changeApply, [change].parameters)
        }
        let results = try await pool.executeTogether([
            .marking(change.marks), PostgresCommand(.changeApply, [change].parameters),
        ])
        return results[1]
    }

    package func withdrawStaged(shard: Int16, reminderIDs: [Int64]) async throws -> Set<Int64> {
        let result = try await execute(
            PostgresStatement("outbox_withdraw", SQL.outbox_withdraw_sql),
            [.int2(shard), .int8Array(reminderIDs)]
        )
        return Set(try result.map { try $0.int8(0) })
    }

    package func whereabouts(of reminders: [WithdrawnReminder]) async throws -> ChangeOutcome {
        let result = try await execute(
            PostgresStatement("reminders_whereabouts", SQL.reminders_whereabouts_sql),
            [
                .int2Array(reminders.map(\.shard)), .int8Array(reminders.map(\.id)),
                .timestamptzArray(reminders.map(\.due.microsecondsSinceEpoch)),
                .timestampArray(reminders.map { $0.nominal.secondsSinceEpoch * 1_000_000 }),
            ]
        )
        return try Self.outcome(result, waiting: 0, staged: 1)
    }

    private static func outcome(
        _ result: PostgresResult,
        waiting: Int,
        staged: Int
    ) throws -> ChangeOutcome {
        guard let row = result.first else { return ChangeOutcome() }
        return ChangeOutcome(
            waiting: Set(try row.int8Array(waiting)),
            staged: Set(try row.int8Array(staged))
        )
    }

    package func seriesEntries(
        shard: Int16,
        seriesID: Int64,
        matching query: HistoryQuery
    ) async throws -> [SeriesEntry] {
        try await execute(
            PostgresStatement("series_entries", SQL.series_entries_sql),
            [
                .int2(shard), .int8(seriesID), .int8(Int64(query.limit)), .bool(query.descending),
                .timestamptz(query.following?.microsecondsSinceEpoch),
            ]
        ).map { row in
            SeriesEntry(
                shard: try row.int2(0),
                seriesID: try row.int8(1),
                nominal: try row.local(2),
                due: try row.instant(3),
                state: .init(rawValue: try row.text(4)) ?? .missed
            )
        }
    }

    package func answer(
        shard: Int16,
        userID: String,
        key: String
    ) async throws -> RememberedAnswer? {
        try await execute(
            PostgresStatement("answer_read", SQL.answer_read_sql),
            [.int2(shard), .text(userID), .text(key)]
        ).first.map { row in
            RememberedAnswer(
                shard: shard,
                userID: userID,
                key: key,
                fingerprint: try row.text(0),
                status: Int(try row.int4(1)),
                body: try row.text(2)
            )
        }
    }

    package func upsertUser(_ user: User, shard: Int16) async throws {
        _ = try await execute(
            PostgresStatement("user_upsert", SQL.user_upsert_sql),
            [.int2(shard), .text(user.id), .text(user.email), .text(user.timezone)]
        )
    }

    package func tasks(
        shards: [Int16],
        notDerivedWith version: String,
        limit: Int
    ) async throws -> [TaskItem] {
        try await execute(
            PostgresStatement("tasks_zoned", SQL.tasks_zoned_sql),
            [.int2Array(shards), .text(version), .int8(Int64(limit))]
        ).map { try TaskItem($0) }
    }

    /// Executes a statement, with errors as those see them who know nothing of PostgreSQL.
    func execute(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue],
        in other: PostgresPool? = nil
    ) async throws -> PostgresResult {
        do {
            return try await (other ?? pool).execute(statement, parameters)
        } catch let error as PostgresError { throw error.asProblem }
    }
}

extension PostgresStatement {
    fileprivate static let changeApply = Self("change_apply", PackageResources.change_apply_sql)
    fileprivate static let changeCreate = Self("change_create", PackageResources.change_create_sql)
}

extension PostgresError {
    /// The error as those see it who know nothing of PostgreSQL.
    var asProblem: any Error {
        guard isRetriable || code == .closed else { return self }
        if sqlState == "53100" {
            return Problem(
                .unavailable,
                "The database's disk is full, so that nothing was stored; try again later."
            )
        }
        let doubt = isAmbiguous ? " Whether the change took effect is not known." : ""
        return Problem(.unavailable, "The database cannot be reached; try again.\(doubt)")
    }
}
