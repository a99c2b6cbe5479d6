// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualCore
import PunctualLoop
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime

/// A migrated database, and the stores over it as a process has them.
struct StoreFixture: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let tasks: PostgresTaskStore

    /// Makes the database, once migrated for all suites and cloned for each test.
    static func with<Value>(
        _ purpose: String,
        _ body: (StoreFixture) async throws -> Value
    ) async throws -> Value {
        let database = try await TestDatabase.make(
            purpose,
            template: MigratedTemplate.shared.name()
        )
        return try await database.withStorePool { pool in
            try await body(
                StoreFixture(
                    database: database,
                    pool: pool,
                    tasks: PostgresTaskStore(pool: pool)
                )
            )
        }
    }

    /// An engine with sessions of its own, whose clock says `now`, for the duration of `body`.
    func withEngine<Value>(
        at now: WallInstant = .present,
        _ body: (PostgresReminderStore) async throws -> Value
    ) async throws -> Value {
        try await database.withStorePool(connections: 1) { leases in
            try await body(PostgresReminderStore(pool: pool, leases: leases, clock: { now }))
        }
    }

    /// The first column of the first row.
    func integer(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> Int64 {
        let result = try await pool.execute(PostgresStatement(sql: sql), parameters)
        return try result.first?.int8(0) ?? -1
    }
}

extension TestDatabase {
    /// A pool configured as the program configures it.
    func withStorePool<Value>(
        connections: Int = 4,
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let configuration = PostgresPoolConfiguration.store(
            url: url,
            maximumConnections: connections,
            applicationName: name
        )
        return try await withPool(configure: { $0 = configuration }, body)
    }
}

/// The database that every fixture is cloned from.
private actor MigratedTemplate {
    static let shared = MigratedTemplate()
    private var making: Task<String, any Error>?

    func name() async throws -> String {
        let task =
            making
            ?? Task {
                let database = try await TestDatabase.make("template")
                _ = try await database.withStorePool {
                    try await SchemaMigrator(pool: $0).migrate()
                }
                return database.name
            }
        making = task
        return try await task.value
    }
}

extension WallInstant {
    /// 2026-11-20T12:00:00Z: the present of these tests.
    static let present = WallInstant(microsecondsSinceEpoch: 1_795_176_000_000_000)

    func after(seconds: Int64) -> WallInstant { adding(microseconds: seconds * 1_000_000) }
}

extension TaskItem {
    /// A task of user `u` on shard 7, with reminders so many seconds from the present.
    static func sample(
        _ id: Int64,
        shard: Int16 = 7,
        remindersAfter seconds: [Int64] = []
    ) -> TaskItem {
        var task = TaskItem(shard: shard, id: id, userID: "u", title: "task \(id)", now: .present)
        task.reminders = seconds.enumerated().map { index, seconds in
            let due = WallInstant.present.after(seconds: seconds)
            return Reminder(
                id: id * 100 + Int64(index),
                time: .at(due),
                due: due,
                state: .armed
            )
        }
        return task
    }

    /// The rows of its reminders.
    var armed: [ArmedReminder] {
        reminders.map { reminder in
            ArmedReminder(
                shard: shard,
                id: reminder.id,
                kind: reminder.kind,
                taskID: id,
                due: reminder.due,
                nominal: ZoneRules.utc.localTime(at: reminder.due),
                misfire: misfire
            )
        }
    }

    /// What takes its reminders back.
    var withdrawn: [WithdrawnReminder] {
        armed.map {
            WithdrawnReminder(
                shard: $0.shard,
                id: $0.id,
                due: $0.due,
                nominal: $0.nominal,
                kind: $0.kind
            )
        }
    }
}

extension ChangeSet {
    /// The creation of tasks with their reminders.
    static func creating(_ tasks: TaskItem...) -> ChangeSet { creating(tasks) }

    static func creating(_ tasks: [TaskItem]) -> ChangeSet {
        var change = ChangeSet()
        change.insertedTasks = tasks
        change.armedReminders = tasks.flatMap(\.armed)
        return change
    }
}
