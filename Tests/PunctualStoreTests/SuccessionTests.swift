// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

/// The next occurrence that `completed` events bring about: one, or none.
@Suite struct SuccessionTests {
    private static let ada = User(id: "ada")

    /// A service over a real database, with one daily task of Ada's.
    private struct Desk {
        let fixture: StoreFixture
        let service: TaskService
        let consumed: PostgresConsumerStore
        let task: TaskItem

        /// A `completed` event that says so of this task, whoever sends it.
        func completed(of userID: String = "ada", number: Int64 = 1) -> ReleasedEvent {
            StagedEvent(
                key: OutboxKey(
                    shard: ShardMap(count: 64).shard(of: userID),
                    sourceID: number,
                    nominal: CivilDateTime(secondsSinceEpoch: 0)
                ),
                type: .completed,
                taskID: task.id,
                userID: userID,
                due: .present,
                payload: "{}"
            ).released(at: .present)
        }

        /// Does what the consumer does with an event.
        func consume(_ event: ReleasedEvent) async throws {
            for pending in try await consumed.pendingSuccessions(of: [event]) {
                try await service.succeed(pending, knownTo: consumed)
            }
        }

        func successors() async throws -> Int64 {
            try await fixture.integer(
                "SELECT count(*) FROM tasks WHERE predecessor_id = $1",
                [.int8(task.id)]
            )
        }

        /// Completes the task as somebody does who writes to the table.
        func completeInTable() async throws {
            _ = try await fixture.pool.execute(
                PostgresStatement(
                    sql: """
                        UPDATE tasks SET status = 'completed', version = version + 1,
                        completed_at = $2 WHERE id = $1
                        """
                ),
                [.int8(task.id), .timestamptz(WallInstant.present.microsecondsSinceEpoch)]
            )
        }
    }

    private func withDesk(_ body: (Desk) async throws -> Void) async throws {
        try await StoreFixture.with("succession") { fixture in
            let service = TaskService(
                store: fixture.tasks,
                zones: PlainZones(),
                shards: ShardMap(count: 64),
                hints: AbsentEngine(),
                relay: SilentRelay(),
                clock: { .present }
            )
            var draft = TaskDraft(title: "water the plants")
            draft.dueDate = .instant(WallInstant.present.after(seconds: 3_600))
            draft.recurrence = RecurrenceInput(rule: try RecurrenceRule("FREQ=DAILY"))
            let task = try await service.create([.success(draft)], user: Self.ada)[0].get()
            try await body(
                Desk(
                    fixture: fixture,
                    service: service,
                    consumed: PostgresConsumerStore(pool: fixture.pool),
                    task: task
                )
            )
        }
    }

    @Test func `an event about a task that is not completed, or not the user's, does nothing`()
        async throws
    {
        try await withDesk { desk in
            try await desk.consume(desk.completed())
            #expect(try await desk.successors() == 0, "it is not completed")
            try await desk.completeInTable()
            try await desk.consume(desk.completed(of: "eve"))
            #expect(try await desk.successors() == 0, "it is not hers")
            try await desk.consume(desk.completed())
            #expect(try await desk.successors() == 1)
        }
    }

    @Test func `many consumers at once make one, whatever the ids of the events`() async throws {
        try await withDesk { desk in
            try await desk.completeInTable()
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<10 {
                    group.addTask { try await desk.consume(desk.completed(number: Int64(number))) }
                }
            }
            #expect(try await desk.successors() == 1)
            #expect(try await desk.fixture.integer("SELECT count(*) FROM consumed") == 1)
            let answer = try await desk.service.complete(desk.task.id, user: Self.ada)
            #expect(answer.next?.predecessorID == desk.task.id)
        }
    }

    @Test func `a next occurrence that was deleted does not come back`() async throws {
        try await withDesk { desk in
            let answer = try await desk.service.complete(desk.task.id, user: Self.ada)
            let next = try #require(answer.next)
            try await desk.consume(desk.completed())
            #expect(try await desk.successors() == 1)
            _ = try await desk.service.delete(next.id, user: Self.ada)
            try await desk.consume(desk.completed(number: 2))
            #expect(try await desk.successors() == 0)
        }
    }

    @Test func `completed again after it was reopened, it has a next occurrence again`()
        async throws
    {
        try await withDesk { desk in
            try await desk.completeInTable()
            try await desk.consume(desk.completed())
            _ = try await desk.service.reopen(desk.task.id, user: Self.ada)
            #expect(try await desk.successors() == 0, "nobody touched it")
            try await desk.consume(desk.completed())
            #expect(try await desk.successors() == 0)
            _ = try await desk.service.complete(desk.task.id, user: Self.ada)
            #expect(try await desk.successors() == 1)
        }
    }
}

/// UTC and nothing else.
private struct PlainZones: ZoneSource {
    let version = "2026a"

    func rules(for identifier: String) -> ZoneRules? { nil }
}

/// Leaves the events of changes where they are.
private struct SilentRelay: ChangeRelay {
    func release(_ events: [StagedEvent]) {}
}
