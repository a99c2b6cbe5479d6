// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct ScheduledRolloverTests {
    private let desk = TaskDesk()

    /// A daily task of 09:00 with a reminder an hour before, that rolls over on schedule.
    private func daily(_ action: MisfirePolicy.Action) async throws -> TaskItem {
        try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-21T09:00:00Z",
            reminders: [try offset("-PT1H")]
        ) {
            $0.rollover = .onSchedule
            $0.misfire = MisfirePolicy(action: action, graceMilliseconds: 60_000)
        }
    }

    /// Rolls over at an instant, and answers with the successor.
    private func rollOver(_ task: TaskItem, at instant: String) async throws -> TaskItem? {
        desk.ports.now = at(instant)
        try await desk.service.rollOver(task.rolloverEvent)
        return try await desk.ports.successor(shard: task.shard, of: task.id)
    }

    @Test func `the due instant creates the next occurrence, done or not`() async throws {
        let task = try await daily(.coalesce)
        #expect(desk.ports.waiting.map(\.kind) == [.reminder, .rollover])
        #expect(desk.ports.waiting.last?.due == task.due)
        let next = try #require(try await rollOver(task, at: "2026-11-21T09:00:00Z"))
        #expect(next.due == at("2026-11-22T09:00:00Z") && next.predecessorID == task.id)
        #expect(next.reminders.map(\.kind) == [.reminder, .rollover])
        #expect(desk.ports.edit { $0.settled } == [task.rolloverEvent.key])
        #expect(desk.ports.entries.isEmpty)
    }

    @Test func `a reminder as long before as the period still fires`() async throws {
        let task = try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-21T09:00:00Z",
            reminders: [try offset("-P1D"), try offset("-P2D")]
        ) { $0.rollover = .onSchedule }
        // The rollover runs moments after the instant at which the next reminder is due.
        let next = try #require(try await rollOver(task, at: "2026-11-21T09:00:00.001Z"))
        #expect(next.reminders.map(\.state) == [.armed, .skipped, .armed])
    }

    @Test func `to repeat a rollover is harmless`() async throws {
        let task = try await daily(.coalesce)
        let next = try await rollOver(task, at: "2026-11-21T09:00:00Z")
        #expect(try await rollOver(task, at: "2026-11-21T09:00:01Z")?.id == next?.id)
        #expect(desk.ports.edit { $0.tasks.count } == 2)
    }

    @Test func `completing the task creates nothing: the schedule does`() async throws {
        let task = try await daily(.coalesce)
        #expect(try await desk.complete(task).next == nil)
        #expect(desk.ports.waiting.map(\.kind) == [.rollover])
        #expect(try await rollOver(task, at: "2026-11-21T09:00:00Z") != nil)
    }

    @Test(arguments: MisfirePolicy.Action.allCases)
    func `within the grace the next follows, whatever the policy`(
        action: MisfirePolicy.Action
    ) async throws {
        let next = try await rollOver(try await daily(action), at: "2026-11-21T09:01:00Z")
        #expect(next?.due == at("2026-11-22T09:00:00Z"))
        #expect(desk.ports.entries.isEmpty)
    }

    @Test func `fire: beyond the grace every occurrence still comes`() async throws {
        let next = try #require(
            try await rollOver(try await daily(.fire), at: "2026-11-24T12:00:00Z")
        )
        #expect(next.due == at("2026-11-22T09:00:00Z"))
        #expect(next.reminders.map(\.state) == [.armed, .armed])
        #expect(desk.ports.entries.isEmpty)
    }

    @Test func `coalesce: beyond the grace the latest stands for all`() async throws {
        let next = try #require(
            try await rollOver(try await daily(.coalesce), at: "2026-11-24T12:00:00Z")
        )
        #expect(next.due == at("2026-11-24T09:00:00Z") && next.occurrence == 4)
        #expect(desk.ports.entries.map(\.nominal.date.day) == [22, 23])
    }

    @Test func `skip: beyond the grace the first that is not past comes`() async throws {
        let next = try #require(
            try await rollOver(try await daily(.skip), at: "2026-11-24T12:00:00Z")
        )
        #expect(next.due == at("2026-11-25T09:00:00Z"))
        #expect(desk.ports.entries.map(\.nominal.date.day) == [22, 23, 24])
    }

    @Test func `a rollover of what was deleted or moved only settles its row`() async throws {
        let task = try await daily(.coalesce)
        let moved = try await desk.update(task) {
            $0.dueDate = .set(.instant(at("2026-11-23T09:00:00Z")))
        }.task
        #expect(try await rollOver(task, at: "2026-11-21T09:00:00Z") == nil)
        _ = try await desk.service.delete(task.id, user: desk.ada)
        #expect(try await rollOver(moved, at: "2026-11-23T09:00:00Z") == nil)
        #expect(desk.ports.edit { $0.settled.count } == 2)
    }
}

extension TaskItem {
    /// The staged event of its rollover, as the engine hands it over.
    var rolloverEvent: StagedEvent {
        let reminder = reminders.first { $0.kind == .rollover }
        return StagedEvent(
            key: OutboxKey(
                shard: shard,
                sourceID: reminder?.id ?? 0,
                nominal: ZoneRules.utc.localTime(at: reminder?.due ?? createdAt)
            ),
            type: .rollover,
            taskID: id,
            userID: userID,
            due: reminder?.due ?? createdAt,
            payload: "{}"
        )
    }
}
