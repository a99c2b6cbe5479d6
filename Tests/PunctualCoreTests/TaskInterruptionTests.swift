// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct TaskInterruptionTests {
    private let desk = TaskDesk()

    private func weekly() async throws -> TaskItem {
        try await desk.series(
            "FREQ=WEEKLY",
            due: "2026-11-27T09:00:00Z",
            reminders: [.offset(try CalendarDuration("-PT1H"))]
        )
    }

    @Test func `a snooze fires once more and leaves the series where it is`() async throws {
        let task = try await weekly()
        let original = try #require(task.reminders.first)
        let view = try await desk.service.snooze(
            original.id,
            of: task.id,
            by: .duration(try CalendarDuration("PT10M")),
            user: desk.ada
        )
        #expect(view.reminder.due == at("2026-11-20T12:10:00Z"))
        #expect(view.reminder.time == .snooze(of: original.id, until: view.reminder.due))
        // The one that was snoozed before it fired does not fire too.
        #expect(desk.ports.waiting.map(\.id) == [view.reminder.id])
        let next = try #require(try await desk.complete(task).next)
        #expect(next.due == at("2026-12-04T09:00:00Z"))
        #expect(next.reminders.map(\.due) == [at("2026-12-04T08:00:00Z")])
    }

    @Test func `a snooze into the past, too far, or of nothing is refused`() async throws {
        let task = try await weekly()
        let id = try #require(task.reminders.first?.id)
        let inputs: [SnoozeInput] = [
            .until(at("2026-11-20T12:00:00Z")), .until(at("2030-01-01T00:00:00Z")),
            .duration(try CalendarDuration("-PT1M")), .duration(try CalendarDuration("P400D")),
        ]
        for input in inputs {
            await #expect {
                _ = try await desk.service.snooze(id, of: task.id, by: input, user: desk.ada)
            } throws: { ($0 as? Problem)?.code == .invalid }
        }
        await #expect {
            _ = try await desk.service.snooze(1, of: task.id, by: inputs[0], user: desk.ada)
        } throws: { ($0 as? Problem)?.code == .notFound }
    }

    @Test func `a skipped occurrence is left out, and comes back`() async throws {
        let task = try await weekly()
        let first = try await desk.service.skipNext(of: task.id, undo: false, user: desk.ada)
        #expect(first.next?.instant == at("2026-12-11T09:00:00Z"))
        let second = try await desk.service.skipNext(of: task.id, undo: false, user: desk.ada)
        #expect(second.next?.instant == at("2026-12-18T09:00:00Z"))
        let history = try await desk.service.history(of: task.id, user: desk.ada)
        #expect(history.items.map(\.state) == [.active, .skipped, .skipped])
        let undone = try await desk.service.skipNext(of: task.id, undo: true, user: desk.ada)
        #expect(undone.next?.instant == at("2026-12-11T09:00:00Z"))
        #expect(try await desk.complete(task).next?.due == at("2026-12-11T09:00:00Z"))
        _ = try await desk.service.skipNext(of: task.id, undo: true, user: desk.ada)
        await #expect {
            _ = try await desk.service.skipNext(of: task.id, undo: true, user: desk.ada)
        } throws: { ($0 as? Problem)?.code == .conflict }
    }

    @Test func `while a series is paused nothing of it fires, nor of what follows`() async throws {
        let task = try await weekly()
        let paused = try await desk.service.setPaused(true, task.id, user: desk.ada)
        #expect(paused.task.pausedAt != nil && !paused.mayHaveFired)
        #expect(desk.ports.waiting.isEmpty)
        let again = try await desk.service.setPaused(true, task.id, user: desk.ada)
        #expect(again.task.version == paused.task.version)
        let next = try #require(try await desk.complete(task).next)
        #expect(next.pausedAt != nil && desk.ports.waiting.isEmpty)
        _ = try await desk.service.addReminder(
            .at(at("2026-11-21T00:00:00Z")),
            to: next.id,
            user: desk.ada
        )
        #expect(desk.ports.waiting.isEmpty)
        _ = try await desk.service.setPaused(false, next.id, user: desk.ada)
        #expect(
            desk.ports.waiting.map(\.due) == [
                at("2026-11-21T00:00:00Z"), at("2026-12-04T08:00:00Z"),
            ]
        )
    }

    @Test func `what came while it was paused is skipped, and its rollover is not`() async throws {
        let task = try await desk.series(
            "FREQ=DAILY",
            due: "2026-11-21T09:00:00Z",
            reminders: [.offset(try CalendarDuration("-PT1H"))]
        ) { $0.rollover = .onSchedule }
        _ = try await desk.service.setPaused(true, task.id, user: desk.ada)
        #expect(desk.ports.waiting.isEmpty)
        desk.ports.now = at("2026-11-21T08:30:00Z")
        let resumed = try await desk.service.setPaused(false, task.id, user: desk.ada).task
        #expect(resumed.reminders.map(\.state) == [.skipped, .armed])
        #expect(desk.ports.waiting.map(\.kind) == [.rollover])
        #expect(desk.ports.events(.skipped).count == 1)
    }

    @Test func `all that match are paused, and those of others are not`() async throws {
        for number in 1...250 {
            var draft = TaskDraft(title: "task \(number)")
            draft.dueDate = .instant(at("2026-12-24T09:00:00Z"))
            draft.priority = number.isMultiple(of: 2) ? .high : .low
            _ = try await desk.create(draft)
        }
        var query = TaskQuery()
        query.priorities = [.high]
        let answer = try await desk.service.setPaused(true, matching: query, user: desk.ada)
        #expect((answer.matched, answer.changed) == (125, 125))
        #expect(desk.ports.waiting.count == 250)
        let again = try await desk.service.setPaused(true, matching: query, user: desk.ada)
        #expect((again.matched, again.changed) == (125, 0))
        let stranger = User(id: "eve")
        #expect(
            try await desk.service.setPaused(true, matching: query, user: stranger).matched == 0
        )
        _ = try await desk.service.setPaused(false, matching: query, user: desk.ada)
        #expect(desk.ports.waiting.count == 500)
    }
}
