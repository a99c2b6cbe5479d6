// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct TaskCompletionTests {
    private let desk = TaskDesk()

    @Test func `completing a recurring task creates the next occurrence`() async throws {
        let task = try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-21T09:00:00Z",
            reminders: [try offset("-PT1H")]
        )
        let answer = try await desk.complete(task, at: "2026-11-21T08:59:00Z")
        let next = try #require(answer.next)
        #expect(answer.task.status == .completed && answer.task.completedAt == desk.ports.now)
        #expect(next.due == at("2026-11-22T09:00:00Z"))
        #expect(next.nominal == local("2026-11-22T09:00:00"))
        #expect(next.seriesID == task.id && next.predecessorID == task.id)
        #expect(next.occurrence == 2 && next.version == 1)
        #expect(desk.ports.waiting.map(\.due) == [at("2026-11-22T08:00:00Z")])
        #expect(desk.ports.events(.completed).map(\.taskID) == [task.id])
        #expect(desk.ports.events(.created).map(\.taskID) == [task.id, next.id])
        #expect(desk.ports.entries.isEmpty)
    }

    @Test func `done early, the next is still after this one`() async throws {
        let task = try await desk.series("FREQ=WEEKLY", due: "2026-11-27T09:00:00Z")
        #expect(try await desk.complete(task).next?.due == at("2026-12-04T09:00:00Z"))
    }

    @Test func `done late, what was passed over is recorded as missed`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z")
        let answer = try await desk.complete(task, at: "2026-11-24T09:00:00Z")
        #expect(answer.next?.due == at("2026-11-25T09:00:00Z"))
        #expect(answer.next?.occurrence == 5)
        let missed = ["2026-11-22", "2026-11-23", "2026-11-24"].map { local("\($0)T09:00:00") }
        #expect(desk.ports.entries.map(\.nominal) == missed)
        #expect(desk.ports.entries.allSatisfy { $0.state == .missed && $0.seriesID == task.id })
        #expect(desk.ports.events(.missed).map(\.key.nominal) == missed)
        let history = try await desk.service.history(of: task.id, user: desk.ada)
        #expect(history.items.map(\.state) == [.completed, .missed, .missed, .missed, .active])
        let now = at("2026-11-25T10:00:00Z")
        let days: Int64 = 3 * 86_400_000_000
        // Done three days late; the next is an hour overdue; what was missed is not late.
        #expect(
            history.items.map { $0.lateness(at: now) } == [days, nil, nil, nil, 3_600_000_000]
        )
        #expect(history.items.last?.lateness(at: at("2026-11-25T09:00:00Z")) == nil)
    }

    @Test func `years late, the passed over are bounded and the next is right`() async throws {
        let task = try await desk.series("FREQ=HOURLY", due: "2026-11-21T09:00:00Z")
        let answer = try await desk.complete(task, at: "2056-11-21T09:30:00Z")
        #expect(answer.next?.due == at("2056-11-21T10:00:00Z"))
        #expect(desk.ports.entries.count == 500)
    }

    @Test func `completing twice gives one successor`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z")
        let first = try await desk.complete(task)
        let second = try await desk.complete(task)
        #expect(second.next?.id == first.next?.id && first.next != nil)
        #expect(second.task.version == first.task.version)
        #expect(desk.ports.edit { $0.tasks.count } == 2)
    }

    @Test func `two that complete at once give one successor`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z")
        let answers = try await withThrowingTaskGroup(of: ChangeAnswer.self) { group in
            for _ in 0..<8 { group.addTask { try await desk.complete(task) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map { $0.next?.id }).count == 1)
        #expect(desk.ports.edit { $0.tasks.count } == 2)
    }

    @Test func `a change that loses a race is planned again, within a bound`() async throws {
        let task = try await desk.create(TaskDraft(title: "contended"))
        desk.ports.edit { $0.conflicts = TaskService.maximumAttempts - 1 }
        #expect(try await desk.complete(task).task.status == .completed)
        desk.ports.edit { $0.conflicts = TaskService.maximumAttempts }
        await #expect {
            _ = try await desk.service.reopen(task.id, user: desk.ada)
        } throws: { ($0 as? Problem)?.code == .conflict }
    }

    @Test func `anchored to completion, the interval counts from when it was done`() async throws {
        let task = try await desk.series(
            "FREQ=DAILY;INTERVAL=3;COUNT=2",
            due: "2026-11-21T09:00:00Z"
        ) { $0.anchor = .completion }
        let next = try #require(try await desk.complete(task, at: "2026-11-25T18:00:00Z").next)
        #expect(next.due == at("2026-11-28T09:00:00Z"))
        #expect(desk.ports.entries.isEmpty)
        #expect(try await desk.complete(next, at: "2026-11-28T09:00:00Z").next == nil)
    }

    @Test func `COUNT and UNTIL end the series`() async throws {
        for end in ["COUNT=2", "UNTIL=20261122T090000Z"] {
            let task = try await desk.series("FREQ=DAILY;\(end)", due: "2026-11-21T09:00:00Z")
            let next = try #require(try await desk.complete(task).next)
            #expect(try await desk.complete(next).next == nil)
        }
    }

    @Test func `reminders of an occurrence that are past already are recorded as skipped`()
        async throws
    {
        let task = try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-20T13:00:00Z",
            reminders: [try offset("-P1D"), try offset("-PT1H")]
        )
        let next = try #require(try await desk.complete(task, at: "2026-11-20T13:30:00Z").next)
        #expect(next.reminders.map(\.state) == [.skipped, .armed])
        #expect(desk.ports.events(.skipped).contains { $0.taskID == next.id })
    }
}

@Suite struct TaskReopeningTests {
    private let desk = TaskDesk()

    @Test func `reopening arms what has not come, under new ids`() async throws {
        var draft = TaskDraft(title: "one")
        draft.dueDate = .instant(at("2026-11-22T09:00:00Z"))
        let task = try await desk.create(draft)
        let done = try await desk.complete(task, at: "2026-11-21T10:00:00Z").task
        #expect(done.reminders.map(\.state) == [.armed, .withdrawn])
        #expect(desk.ports.waiting.isEmpty)
        let reopened = try await desk.service.reopen(task.id, user: desk.ada).task
        #expect(reopened.status == .active && reopened.completedAt == nil)
        #expect(desk.ports.waiting.map(\.due) == [at("2026-11-22T08:00:00Z")])
        #expect(desk.ports.waiting.first?.id != task.reminders[1].id)
    }

    @Test func `reopening withdraws a successor that nobody touched`() async throws {
        let task = try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-21T09:00:00Z",
            reminders: [try offset("-PT1H")]
        )
        let next = try #require(try await desk.complete(task).next)
        _ = try await desk.service.reopen(task.id, user: desk.ada)
        #expect(desk.ports.edit { $0.tasks[next.id] } == nil)
        #expect(desk.ports.events(.deleted).map(\.taskID) == [next.id])
        #expect(desk.ports.waiting.map(\.taskID) == [task.id])
        #expect(try await desk.complete(task).next?.due == at("2026-11-22T09:00:00Z"))
    }

    @Test func `reopening keeps a successor that somebody changed`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z")
        let next = try #require(try await desk.complete(task).next)
        _ = try await desk.update(next) { $0.title = "mine" }
        _ = try await desk.service.reopen(task.id, user: desk.ada)
        #expect(desk.ports.edit { $0.tasks[next.id] } != nil)
        let again = try await desk.complete(task)
        #expect(again.task.status == .completed && again.next?.id == next.id)
        #expect(desk.ports.edit { $0.tasks.count } == 2)
        #expect(desk.ports.events(.created).map(\.taskID) == [task.id, next.id])
    }

    @Test func `reopening keeps a successor that the schedule created`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z") {
            $0.rollover = .onSchedule
        }
        desk.ports.now = at("2026-11-21T09:00:00Z")
        try await desk.service.rollOver(task.rolloverEvent)
        _ = try await desk.complete(task)
        _ = try await desk.service.reopen(task.id, user: desk.ada)
        #expect(desk.ports.edit { $0.tasks.count } == 2)
    }
}
