// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct TaskCreationTests {
    private let desk = TaskDesk()

    @Test func `a due date alone gives reminders one day and one hour before`() async throws {
        var draft = TaskDraft(title: "call the bank")
        draft.dueDate = .instant(at("2026-11-25T09:00:00Z"))
        let task = try await desk.create(draft)
        #expect(
            task.reminders.map(\.due) == [at("2026-11-24T09:00:00Z"), at("2026-11-25T08:00:00Z")]
        )
        #expect(desk.ports.waiting.map(\.id) == task.reminders.map(\.id))
        #expect(desk.ports.waiting.allSatisfy { $0.misfire == .standard && $0.taskID == task.id })
        #expect(desk.ports.hints == [at("2026-11-24T09:00:00Z")])
        #expect(desk.ports.events(.created).map(\.taskID) == [task.id])
        #expect(task.version == 1 && task.status == .active)
    }

    @Test func `a task without a due date has no reminders of its own`() async throws {
        #expect(try await desk.create(TaskDraft(title: "read")).reminders.isEmpty)
        #expect(desk.ports.waiting.isEmpty && desk.ports.hints.isEmpty)
    }

    @Test func `an offset that is past already is skipped, and that is recorded`() async throws {
        var draft = TaskDraft(title: "soon")
        draft.dueDate = .instant(at("2026-11-20T12:30:00Z"))
        let task = try await desk.create(draft)
        #expect(task.reminders.map(\.state) == [.skipped, .skipped])
        #expect(desk.ports.waiting.isEmpty)
        let records = desk.ports.events(.skipped)
        #expect(records.map(\.key.sourceID) == task.reminders.map(\.id))
        #expect(records.allSatisfy { $0.payload.contains("past already") })
        #expect(records.first?.payload.contains("\"remind_at\":\"2026-11-19T12:30:00Z\"") == true)
    }

    @Test func `an explicit instant in the past is armed, and so fires at once`() async throws {
        var draft = TaskDraft(title: "late")
        draft.reminders = [.at(at("2026-11-20T11:00:00Z"))]
        let task = try await desk.create(draft)
        #expect(task.reminders.map(\.state) == [.armed])
        #expect(desk.ports.waiting.map(\.due) == [at("2026-11-20T11:00:00Z")])
    }

    @Test(arguments: [
        ("2027-03-28T01:30:00", "2027-03-28T01:30:00Z"),  // the gap: 01:00 becomes 02:00
        ("2027-10-31T01:30:00", "2027-10-31T00:30:00Z"),  // the fold: the first of two
        ("2027-07-01T09:00:00", "2027-07-01T08:00:00Z"),
    ])
    func `a local time is read by the rules of its zone`(given: String, due: String) async throws {
        var draft = TaskDraft(title: "in Lisbon")
        draft.dueDate = .local(local(given))
        draft.timezone = "Europe/Lisbon"
        let task = try await desk.create(draft)
        #expect(task.due == at(due))
        #expect(task.dueDate == .local(local(given), timezone: "Europe/Lisbon"))
        #expect(task.tzdata == "2026a")
    }

    @Test func `a day before is the same time of day also across a clock change`() async throws {
        var draft = TaskDraft(title: "in Lisbon")
        draft.dueDate = .local(local("2027-03-28T09:00:00"))
        draft.timezone = "Europe/Lisbon"
        draft.reminders = [try offset("-P1D"), try offset("-PT24H")]
        let dues = try await desk.create(draft).reminders.map(\.due)
        #expect(dues == [at("2027-03-27T09:00:00Z"), at("2027-03-27T08:00:00Z")])
    }

    @Test func `an instant inside a fold keeps which of the two it is`() async throws {
        var draft = TaskDraft(title: "the second one")
        draft.dueDate = .instant(at("2027-10-31T01:30:00.25Z"))
        draft.timezone = "Europe/Lisbon"
        let task = try await desk.create(draft)
        #expect(task.due == at("2027-10-31T01:30:00.25Z"))
        #expect(task.dueDate == .local(local("2027-10-31T01:30:00"), timezone: "Europe/Lisbon"))
        let edited = try await desk.update(task) { $0.reminders = .set([]) }.task
        #expect(edited.due == task.due)
    }

    @Test func `a task that is created as done arms nothing later on`() async throws {
        var draft = TaskDraft(title: "done already")
        draft.dueDate = .instant(at("2026-11-25T09:00:00Z"))
        draft.completedAt = at("2026-11-19T09:00:00Z")
        let task = try await desk.create(draft)
        #expect(task.status == .completed)
        #expect(desk.ports.waiting.isEmpty)
        #expect(task.reminders.allSatisfy { $0.state == .withdrawn })
    }

    @Test func `a draft that is refused hinders no other`() async throws {
        let drafts = ["one", "", "three"].map { Result<_, Problem>.success(TaskDraft(title: $0)) }
        let outcomes = try await desk.service.create(drafts, user: desk.ada)
        #expect(outcomes.map { (try? $0.get())?.title } == ["one", nil, "three"])
        #expect(desk.ports.events(.created).count == 2)
    }

    @Test func `an idempotency key that was used answers what it answered`() async throws {
        let answer = RememberedAnswer(
            shard: 1,
            userID: "ada",
            key: "k",
            fingerprint: "f",
            status: 201,
            body: "{}"
        )
        let drafts = [Result<_, Problem>.success(TaskDraft(title: "once"))]
        _ = try await desk.service.create(drafts, user: desk.ada) { _ in answer }
        await #expect {
            _ = try await desk.service.create(drafts, user: desk.ada) { _ in answer }
        } throws: { error in
            if case TaskStoreError.answered(answer) = error { true } else { false }
        }
        #expect(desk.ports.events(.created).count == 1)
    }
}

@Suite struct TaskLimitsTests {
    private let desk = TaskDesk()

    static let refusals: [(String, @Sendable (inout TaskDraft) throws -> Void)] = [
        ("/title", { $0.title = " \n" }),
        ("/title", { $0.title = String(repeating: "x", count: 501) }),
        ("/title", { $0.title = "a\0b" }),
        ("/description", { $0.description = String(repeating: "x", count: 10_001) }),
        ("/tags", { $0.tags = (0...50).map(String.init) }),
        ("/tags/1", { $0.tags = ["a", ""] }),
        ("/tags/0", { $0.tags = [String(repeating: "é", count: 101)] }),
        (
            "/reminders",
            { $0.reminders = Array(repeating: .at(at("2027-01-01T00:00:00Z")), count: 21) }
        ),
        (
            "/reminders/1/offset",
            { $0.reminders = [.at(at("2027-01-01T00:00:00Z")), try offset("-PT1H")] }
        ),
        ("/misfire/grace", { $0.misfire = MisfirePolicy(action: .fire, graceMilliseconds: -1) }),
        ("/misfire/grace", { $0.misfire = MisfirePolicy(action: .skip, graceMilliseconds: .max) }),
        ("/timezone", { $0.timezone = "Mars/Olympus" }),
        ("/due_date", { $0.dueDate = .local(local("2027-01-01T09:00:00")) }),
        ("/due_date", { $0.recurrence = RecurrenceInput(rule: try RecurrenceRule("FREQ=DAILY")) }),
        (
            "/dtstart",
            {
                $0.recurrence = RecurrenceInput(rule: try RecurrenceRule("FREQ=DAILY"))
                $0.recurrence?.start = .local(local("2027-01-01T09:00:00"))
            }
        ),
        (
            "/rrule",
            {
                $0.dueDate = .instant(at("2027-01-01T09:00:00Z"))
                $0.recurrence = RecurrenceInput(
                    rule: try RecurrenceRule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
                )
            }
        ),
        (
            "/rdates",
            {
                $0.recurrence = RecurrenceInput(rule: try RecurrenceRule("FREQ=DAILY"))
                $0.recurrence?.rdates = Array(repeating: local("2027-01-01T09:00:00"), count: 1_001)
            }
        ),
    ]

    @Test(arguments: refusals.indices)
    func `what is beyond a bound is refused with a pointer to it`(index: Int) async throws {
        let (pointer, spoil) = Self.refusals[index]
        var draft = TaskDraft(title: "fine")
        try spoil(&draft)
        let problem = try await desk.problem(draft)
        #expect(problem?.code == .invalid)
        #expect(problem?.fields.map(\.pointer) == [pointer])
        #expect(desk.ports.events(.created).isEmpty && desk.ports.waiting.isEmpty)
    }

    @Test func `what is exactly at a bound is taken`() async throws {
        var draft = TaskDraft(title: String(repeating: "x", count: 500))
        draft.description = String(repeating: "y", count: 10_000)
        draft.tags = (0..<50).map { _ in String(repeating: "t", count: 100) }
        draft.reminders = Array(repeating: .at(at("2027-01-01T00:00:00Z")), count: 20)
        draft.misfire = MisfirePolicy(action: .skip, graceMilliseconds: 7 * 86_400_000)
        let task = try await desk.create(draft)
        #expect(Set(task.reminders.map(\.id)).count == 20)
        await #expect(throws: Problem.self) {
            _ = try await desk.service.addReminder(
                .at(at("2027-01-01T00:00:00Z")),
                to: task.id,
                user: desk.ada
            )
        }
    }
}
