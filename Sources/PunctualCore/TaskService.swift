// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What can be done with tasks: the one place where requests, the engine and consumers meet.
///
/// Each change reads what it needs, decides in ``TaskPlanner``, writes everything in one statement,
/// and only then tells the engine and releases the events. A change that loses a race against
/// another one is planned again from what the winner left.
package struct TaskService: Sendable {
    /// How often a change that lost a race is planned again.
    package static let maximumAttempts = 5

    let store: any TaskStore
    let planner: TaskPlanner
    let hints: any EngineHints
    let relay: any ChangeRelay
    let clock: WallClock
    private let profiles: ProfileService?

    /// Creates a service over its ports; without profiles all users have the same defaults.
    package init(
        store: any TaskStore,
        zones: any ZoneSource,
        shards: ShardMap,
        hints: any EngineHints,
        relay: any ChangeRelay,
        profiles: ProfileService? = nil,
        clock: @escaping WallClock
    ) {
        self.profiles = profiles
        (self.store, self.hints, self.relay, self.clock) = (store, hints, relay, clock)
        planner = TaskPlanner(zones: zones, shards: shards)
    }

    /// Creates tasks, all in one transaction, and answers in the order of the drafts.
    ///
    /// A draft that is invalid becomes its problem and hinders no other. `remembering` makes the
    /// answer to keep under an idempotency key; when that key was used before, this throws
    /// ``TaskStoreError/answered(_:)``.
    package func create(
        _ drafts: [Result<TaskDraft, Problem>],
        user: User,
        remembering: (([Result<TaskItem, Problem>]) -> RememberedAnswer)? = nil
    ) async throws -> [Result<TaskItem, Problem>] {
        let drafts = try await withReminders(drafts, user: user)
        let now = clock()
        let needed = drafts.reduce(0) { $0 + planner.idsNeeded(for: $1) }
        var ids = IDSupply(try await store.reserveIDs(needed))
        var change = ChangeSet()
        let outcomes = drafts.map { draft in
            draft.flatMap { draft in
                Result { () throws(Problem) in
                    try planner.create(draft, user: user, now: now, ids: &ids, in: &change)
                }
            }
        }
        store.returnIDs(ids.unused)
        change.answer = remembering?(outcomes)
        _ = try await write(change)
        return outcomes
    }

    /// The drafts with the user's own default reminders where they name none.
    private func withReminders(
        _ drafts: [Result<TaskDraft, Problem>],
        user: User
    ) async throws -> [Result<TaskDraft, Problem>] {
        let lacks = drafts.contains { (try? $0.get())?.takesDefaultReminders ?? false }
        guard lacks, let chosen = try await profiles?.profile(of: user).defaultReminders else {
            return drafts
        }
        return drafts.map { draft in
            draft.map { draft in
                var draft = draft
                if draft.takesDefaultReminders { draft.reminders = chosen.map { .offset($0) } }
                return draft
            }
        }
    }

    /// The task, or a `notFound` problem.
    package func task(_ id: Int64, user: User) async throws -> TaskItem {
        let shard = planner.shards.shard(of: user.id)
        guard let task = try await store.task(shard: shard, userID: user.id, id: id) else {
            throw Problem(.notFound, "There is no task \(id).")
        }
        return task
    }

    /// The user's tasks that match.
    package func tasks(matching query: TaskQuery, user: User) async throws -> TaskPage {
        try await store.tasks(
            shard: planner.shards.shard(of: user.id),
            userID: user.id,
            matching: query
        )
    }

    /// Changes the fields that the patch names, if the task has the version `ifMatch`.
    package func update(
        _ id: Int64,
        with patch: TaskPatch,
        ifMatch: Int64? = nil,
        user: User
    ) async throws -> ChangeAnswer {
        try await change(id, ifMatch: ifMatch, user: user) {
            task,
            now,
            ids,
            change throws(Problem) in
            try planner.update(task, with: patch, now: now, ids: &ids, in: &change)
        }
    }

    /// Completes the task, and creates the next occurrence of one that repeats; twice is once.
    package func complete(
        _ id: Int64,
        ifMatch: Int64? = nil,
        user: User
    ) async throws -> ChangeAnswer {
        var patch = TaskPatch()
        patch.status = .completed
        return try await update(id, with: patch, ifMatch: ifMatch, user: user)
    }

    /// Makes a completed task active again, and withdraws its successor if nobody touched it.
    package func reopen(
        _ id: Int64,
        ifMatch: Int64? = nil,
        user: User
    ) async throws -> ChangeAnswer {
        var patch = TaskPatch()
        patch.status = .active
        return try await update(id, with: patch, ifMatch: ifMatch, user: user)
    }

    /// Deletes the task and everything that waits for it.
    ///
    /// - Returns: whether a reminder of it may have fired.
    package func delete(_ id: Int64, ifMatch: Int64? = nil, user: User) async throws -> Bool {
        try await change(id, ifMatch: ifMatch, user: user) { task, now, ids, change in
            planner.delete(task, now: now, ids: &ids, in: &change)
        }.mayHaveFired
    }

    /// The reminders of a task, with what has become of each.
    package func reminders(of id: Int64, user: User) async throws -> [ReminderView] {
        try await views(of: task(id, user: user))
    }

    /// The reminders of a task read before, with what has become of each.
    package func views(of task: TaskItem) async throws -> [ReminderView] {
        let armed = task.reminders.filter { $0.state == .armed && $0.kind == .reminder }
        let whereabouts =
            armed.isEmpty
            ? ChangeOutcome()
            : try await store.whereabouts(of: armed.map { planner.withdrawn($0, of: task) })
        return task.reminders.filter { $0.kind == .reminder }.map { reminder in
            let state: ReminderView.State =
                switch reminder.state {
                case .skipped: .skipped
                case .withdrawn: .withdrawn
                case .armed where whereabouts.waiting.contains(reminder.id): .scheduled
                case .armed where whereabouts.staged.contains(reminder.id): .staged
                case .armed: .fired
                }
            return ReminderView(reminder: reminder, state: state)
        }
    }

    /// Adds a reminder to a task.
    package func addReminder(
        _ input: ReminderInput,
        to id: Int64,
        user: User,
        remembering: ((ReminderView) -> RememberedAnswer)? = nil
    ) async throws -> ReminderView {
        let answer = try await change(id, ifMatch: nil, user: user) {
            task,
            now,
            ids,
            change throws(Problem) in
            let plan = try planner.addReminder(input, to: task, now: now, ids: &ids, in: &change)
            change.answer = try remembering?(lastReminder(of: plan.task))
            return plan
        }
        return try lastReminder(of: answer.task)
    }

    private func lastReminder(of task: TaskItem) throws(Problem) -> ReminderView {
        guard let added = task.reminders.last(where: { $0.kind == .reminder }) else {
            throw Problem(.conflict, "The reminder was removed while it was added; try again.")
        }
        let state: ReminderView.State = added.state == .skipped ? .skipped : .scheduled
        return ReminderView(reminder: added, state: state)
    }

    /// Removes a reminder from a task.
    ///
    /// - Returns: whether it may have fired.
    package func removeReminder(
        _ reminderID: Int64,
        from id: Int64,
        user: User
    ) async throws -> Bool {
        try await change(id, ifMatch: nil, user: user) { task, now, ids, change throws(Problem) in
            try planner.removeReminder(reminderID, from: task, now: now, ids: &ids, in: &change)
        }.mayHaveFired
    }

    /// The next occurrences of a rule that is not stored, `count` (1 to 100) of them at most.
    package func preview(
        _ recurrence: RecurrenceInput,
        timezone: String?,
        dst: DSTPolicy?,
        count: Int
    ) throws(Problem) -> [Occurrence] {
        try planner.preview(recurrence, timezone: timezone, dst: dst, count: count, now: clock())
    }

    /// The answer remembered under an idempotency key, if any.
    package func answer(under key: String, user: User) async throws -> RememberedAnswer? {
        try await store.answer(
            shard: planner.shards.shard(of: user.id),
            userID: user.id,
            key: key
        )
    }

    /// Makes sure the user is known, so that events carry the e-mail address.
    package func register(_ user: User) async throws {
        try await store.upsertUser(user, shard: planner.shards.shard(of: user.id))
    }

    /// The shard that keeps what belongs to a user.
    package func shard(of user: User) -> Int16 { planner.shards.shard(of: user.id) }

    /// Reads, plans and writes a change of one task until no other change comes in between.
    func change(
        _ id: Int64,
        ifMatch: Int64?,
        user: User,
        _ plan: (TaskItem, WallInstant, inout IDSupply, inout ChangeSet) throws(Problem) -> Plan
    ) async throws -> ChangeAnswer {
        for attempt in 0..<Self.maximumAttempts {
            let task = try await task(id, user: user)
            if let ifMatch, ifMatch != task.version {
                throw Problem(
                    .preconditionFailed,
                    "If-Match names version \(ifMatch), the task has version \(task.version)."
                )
            }
            var change = ChangeSet()
            var ids = IDSupply(try await store.reserveIDs(TaskPlanner.maximumIDsOfAChange))
            defer { store.returnIDs(ids.unused) }
            var plan = try plan(task, clock(), &ids, &change)
            // Perhaps the conflict was that there is one already, from before it was reopened.
            if attempt > 0, let made = plan.next, let known = try await successor(of: task) {
                change.forgetCreation(of: made)
                plan.next = known
            }
            if plan.isUnchanged {
                let next = try await successor(of: plan.task)
                return ChangeAnswer(task: plan.task, next: next, mayHaveFired: true)
            }
            if plan.reopens, let next = try await successor(of: task) {
                planner.withdrawSuccessor(next, now: clock(), ids: &ids, in: &change)
            }
            do {
                let mayHaveFired = try await write(change)
                return ChangeAnswer(task: plan.task, next: plan.next, mayHaveFired: mayHaveFired)
            } catch TaskStoreError.conflict { continue }
        }
        throw Problem(.conflict, "The task keeps being changed by others; try again.")
    }

    private func successor(of task: TaskItem) async throws -> TaskItem? {
        guard task.recurrence != nil else { return nil }
        return try await store.successor(shard: task.shard, of: task.id)
    }

    /// Writes a change, then tells the engine and releases the events.
    ///
    /// - Returns: whether a reminder that the change took back may have fired.
    @discardableResult
    func write(_ change: ChangeSet) async throws -> Bool {
        let outcome = try await store.apply(change)
        relay.release(change.events.filter { $0.type != .rollover })
        for (shard, reminders) in Dictionary(grouping: change.armedReminders, by: \.shard) {
            if let due = reminders.lazy.map(\.due).min() { hints.hint(shard: shard, due: due) }
        }
        let uncertain = change.withdrawnReminders.filter { !outcome.waiting.contains($0.id) }
        guard let shard = uncertain.first?.shard else { return false }
        var staged = outcome.staged
        let missing = uncertain.map(\.id).filter { !staged.contains($0) }
        if !missing.isEmpty {
            staged.formUnion(try await store.withdrawStaged(shard: shard, reminderIDs: missing))
        }
        let keys = uncertain.filter { staged.contains($0.id) }.map(\.key)
        let confirmed = keys.isEmpty ? [] : await hints.withdraw(keys)
        return uncertain.contains { $0.kind == .reminder && !confirmed.contains($0.key) }
    }
}

/// Ids taken from the database before a change is planned.
package struct IDSupply: Sendable {
    private var ids: [Int64]

    /// Those that are left, in order.
    package var unused: [Int64] { ids.reversed() }

    /// Creates a supply that hands out `ids` in order.
    package init(_ ids: [Int64]) { self.ids = ids.reversed() }

    /// The next id; the planner says how many a plan needs, so that it cannot run out.
    package mutating func next() -> Int64 {
        guard let id = ids.popLast() else { preconditionFailure("planned with too few ids") }
        return id
    }
}
