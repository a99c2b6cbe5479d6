// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct TaskEditingTests {
    private let desk = TaskDesk()

    /// A task due on the 25th, with an offset and an instant of its own.
    private func errand() async throws -> TaskItem {
        var draft = TaskDraft(title: "errand")
        draft.dueDate = .instant(at("2026-11-25T09:00:00Z"))
        draft.reminders = [try offset("-PT1H"), .at(at("2026-11-23T09:00:00Z"))]
        return try await desk.create(draft)
    }

    @Test func `a new title leaves the reminders alone`() async throws {
        let task = try await errand()
        let answer = try await desk.update(task) { $0.title = "new" }
        #expect(answer.task.reminders == task.reminders && !answer.mayHaveFired)
        #expect(answer.task.version == 2 && answer.task.title == "new")
        #expect(desk.ports.waiting.count == 2)
        #expect(desk.ports.events(.updated).map(\.taskID) == [task.id])
    }

    @Test func `a patch that changes nothing writes nothing`() async throws {
        let task = try await errand()
        let answer = try await desk.update(task) { $0.status = .active }
        #expect(answer.task.version == 1)
        #expect(desk.ports.events(.updated).isEmpty)
    }

    @Test func `a new due date moves the offsets, under new ids, and nothing else`() async throws {
        let task = try await errand()
        let moved = try await desk.update(task) {
            $0.dueDate = .set(.instant(at("2026-11-26T09:00:00Z")))
        }.task
        #expect(moved.reminders[0].due == at("2026-11-26T08:00:00Z"))
        #expect(moved.reminders[0].id != task.reminders[0].id)
        #expect(moved.reminders[1] == task.reminders[1])
        #expect(Set(desk.ports.waiting.map(\.id)) == Set(moved.reminders.map(\.id)))
    }

    @Test func `an offset that a new due date puts into the past is recorded`() async throws {
        let task = try await errand()
        let moved = try await desk.update(task) {
            $0.dueDate = .set(.instant(at("2026-11-20T12:30:00Z")))
        }.task
        #expect(moved.reminders[0].state == .skipped)
        #expect(desk.ports.events(.skipped).map(\.key.sourceID) == [moved.reminders[0].id])
        _ = try await desk.update(moved) { $0.title = "again" }
        #expect(desk.ports.events(.skipped).count == 1)
    }

    @Test func `without its due date a task cannot keep offsets`() async throws {
        let task = try await errand()
        await #expect {
            _ = try await desk.update(task) { $0.dueDate = .set(nil) }
        } throws: { ($0 as? Problem)?.fields.first?.pointer == "/reminders/0/offset" }
    }

    @Test func `a new misfire policy reaches what is armed`() async throws {
        let task = try await errand()
        let policy = MisfirePolicy(action: .skip, graceMilliseconds: 0)
        _ = try await desk.update(task) { $0.misfire = policy }
        #expect(desk.ports.waiting.map(\.misfire) == [policy, policy])
    }

    @Test func `moving a recurring task moves its series`() async throws {
        let task = try await desk.series("FREQ=DAILY", due: "2026-11-21T09:00:00Z")
        let moved = try await desk.update(task) {
            $0.dueDate = .set(.instant(at("2026-11-21T17:30:00Z")))
        }.task
        #expect(moved.nominal == local("2026-11-21T17:30:00"))
        #expect(try await desk.complete(moved).next?.due == at("2026-11-22T17:30:00Z"))
    }

    @Test func `a series that is moved, and moved again, keeps its COUNT`() async throws {
        var task = try await desk.series("FREQ=DAILY;COUNT=5", due: "2026-11-21T09:00:00Z")
        task = try #require(try await desk.complete(task).next)
        task = try #require(try await desk.complete(task).next)
        for hour in [10, 11, 12] {
            task = try await desk.update(task) {
                $0.dueDate = .set(.instant(at("2026-11-23T\(hour):00:00Z")))
            }.task
        }
        task = try #require(try await desk.complete(task).next)
        task = try await desk.update(task) {
            $0.dueDate = .set(.instant(at("2026-11-24T15:00:00Z")))
        }.task
        #expect(task.occurrence == 4)
        task = try #require(try await desk.complete(task).next)
        #expect(task.due == at("2026-11-25T15:00:00Z") && task.occurrence == 5)
        #expect(try await desk.complete(task).next == nil)
    }

    @Test func `a reminder can be added and removed`() async throws {
        let task = try await errand()
        let added = try await desk.service.addReminder(
            try offset("-PT10M"),
            to: task.id,
            user: desk.ada
        )
        #expect(added.reminder.due == at("2026-11-25T08:50:00Z") && added.state == .scheduled)
        #expect(desk.ports.waiting.count == 3)
        let mayHaveFired = try await desk.service.removeReminder(
            added.reminder.id,
            from: task.id,
            user: desk.ada
        )
        #expect(!mayHaveFired && desk.ports.waiting.count == 2)
        await #expect {
            _ = try await desk.service.removeReminder(
                added.reminder.id,
                from: task.id,
                user: desk.ada
            )
        } throws: { ($0 as? Problem)?.code == .notFound }
    }

    @Test func `If-Match with another version refuses`() async throws {
        let task = try await errand()
        await #expect {
            _ = try await desk.service.complete(task.id, ifMatch: 7, user: desk.ada)
        } throws: { ($0 as? Problem)?.code == .preconditionFailed }
        _ = try await desk.service.complete(task.id, ifMatch: 1, user: desk.ada)
    }

    @Test func `what is deleted is gone, and of no concern to others before`() async throws {
        let task = try await errand()
        for user in [User(id: "eve"), desk.ada] {
            if user == desk.ada {
                #expect(try await desk.service.delete(task.id, user: user) == false)
            }
            await #expect {
                _ = try await desk.service.delete(task.id, user: user)
            } throws: { ($0 as? Problem)?.code == .notFound }
        }
        #expect(desk.ports.waiting.isEmpty)
        #expect(desk.ports.events(.deleted).map(\.taskID) == [task.id])
    }

    @Test func `a newer tzdata moves what is in local time`() async throws {
        var draft = TaskDraft(title: "in Lisbon")
        draft.dueDate = .local(local("2026-12-01T09:00:00"))
        draft.timezone = "Europe/Lisbon"
        draft.reminders = [try offset("-PT1H"), .at(at("2026-11-30T09:00:00Z"))]
        let task = try await desk.create(draft)
        var other = draft
        other.timezone = "Europe/Madrid"
        let still = try await desk.create(other)
        desk.zones.release("2026b", "Europe/Lisbon", follows: "Europe/Berlin")
        #expect(try await desk.service.deriveAnew(shards: [task.shard]) == 2)
        #expect(try await desk.service.deriveAnew(shards: [task.shard]) == 0)
        let moved = try await desk.service.task(task.id, user: desk.ada)
        #expect(moved.due == at("2026-12-01T08:00:00Z") && moved.tzdata == "2026b")
        #expect(moved.dueDate == task.dueDate)
        #expect(moved.reminders[0].due == at("2026-12-01T07:00:00Z"))
        #expect(moved.reminders[0].id != task.reminders[0].id)
        #expect(moved.reminders[1] == task.reminders[1])
        #expect(desk.ports.events(.moved).map(\.taskID) == [task.id])
        let same = try await desk.service.task(still.id, user: desk.ada)
        #expect(same.reminders == still.reminders && same.tzdata == "2026b")
        let armed = Set((moved.reminders + same.reminders).map(\.id))
        #expect(Set(desk.ports.waiting.map(\.id)) == armed)
    }
}

/// When an answer may say that nothing fired: only if that is certain.
@Suite struct MayHaveFiredTests {
    private let desk = TaskDesk()

    /// Where the reminder is when the task is deleted, and what the engine says.
    enum Place: CaseIterable {
        case waiting, stagedAndConfirmed, stagedUnconfirmed, stagedMeanwhile,
            stagedMeanwhileUnconfirmed, gone
    }

    @Test(arguments: zip(Place.allCases, [false, false, true, false, true, true]))
    func `only a withdrawal that is certain answers false`(
        place: Place,
        mayHaveFired: Bool
    ) async throws {
        var draft = TaskDraft(title: "one")
        draft.reminders = [.at(at("2026-11-21T09:00:00Z"))]
        let task = try await desk.create(draft)
        let id = task.reminders[0].id
        desk.ports.edit { state in
            if place == .stagedAndConfirmed || place == .stagedMeanwhile { state.confirmed = [id] }
            switch place {
            case .waiting: break
            case .gone: state.waiting[id] = nil
            case .stagedAndConfirmed, .stagedUnconfirmed:
                state.waiting[id] = nil
                state.staged = [id]
            case .stagedMeanwhile, .stagedMeanwhileUnconfirmed: state.stagedMeanwhile = [id]
            }
        }
        #expect(try await desk.service.delete(task.id, user: desk.ada) == mayHaveFired)
    }

    @Test func `what has no reminder has nothing to fire`() async throws {
        let task = try await desk.create(TaskDraft(title: "none"))
        #expect(try await desk.service.delete(task.id, user: desk.ada) == false)
    }

    @Test func `a view tells where each reminder is`() async throws {
        var draft = TaskDraft(title: "views")
        draft.dueDate = .instant(at("2026-11-20T12:30:00Z"))
        let later = ["2026-11-21", "2026-11-22", "2026-11-23"].map {
            ReminderInput.at(at("\($0)T09:00:00Z"))
        }
        draft.reminders = [try offset("-PT1H")] + later
        let ids = try await desk.create(draft).reminders.map(\.id)
        desk.ports.edit { state in
            state.waiting[ids[2]] = nil
            state.staged = [ids[2]]
            state.waiting[ids[3]] = nil
        }
        let task = try await desk.service.task(ids[0] - 1, user: desk.ada)
        let views = try await desk.service.views(of: task)
        #expect(views.map(\.state) == [.skipped, .scheduled, .staged, .fired])
    }
}
