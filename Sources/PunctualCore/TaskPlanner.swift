// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// What a change of one task comes to.
package struct Plan: Sendable {
    /// The task as it will be.
    package var task: TaskItem
    /// The successor that the change creates.
    package var next: TaskItem?
    /// Whether there is nothing to write.
    package var isUnchanged = false
    /// Whether a successor, if there is one, is to be withdrawn.
    package var reopens = false
}

/// Decides what a change of tasks writes; pure, so that it can be planned again at will.
///
/// It is given the present and the ids to hand out, and puts rows into a ``ChangeSet``. What it
/// puts there is complete: a refused draft has put nothing.
package struct TaskPlanner: Sendable {
    /// How many ids a change of one task can need.
    package static let maximumIDsOfAChange = 4 + 4 * TaskLimits.reminders

    let zones: any ZoneSource
    let shards: ShardMap

    /// How many ids the creation of a task needs at most.
    func idsNeeded(for draft: Result<TaskDraft, Problem>) -> Int {
        guard case .success(let draft) = draft else { return 0 }
        let reminders = draft.reminders?.count ?? Self.defaultReminders.count
        return 3 + min(reminders, TaskLimits.reminders)
    }

    /// Plans a new task.
    func create(
        _ draft: TaskDraft,
        user: User,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> TaskItem {
        try TaskLimits.check(draft)
        var task = TaskItem(
            shard: shards.shard(of: user.id),
            id: ids.next(),
            userID: user.id,
            title: draft.title,
            now: now
        )
        task.description = draft.description
        task.priority = draft.priority ?? .medium
        task.tags = draft.tags
        task.misfire = draft.misfire ?? .standard
        if let completedAt = draft.completedAt {
            (task.status, task.completedAt) = (.completed, completedAt)
        }
        let recurrence = draft.recurrence.map {
            RecurrenceChange(
                input: $0,
                anchor: draft.anchor ?? .due,
                rollover: draft.rollover ?? .onCompletion,
                dst: draft.dst ?? DSTPolicy()
            )
        }
        try setSchedule(
            of: &task,
            dueDate: draft.dueDate,
            timezone: draft.timezone,
            recurrence: recurrence
        )
        if task.recurrence != nil { task.seriesID = task.id }
        let given = draft.reminders ?? (task.due == nil ? [] : Self.defaultReminders)
        task.reminders = try reminders(given, of: task, now: now, ids: &ids)
        if task.status == .completed {
            // Not even an explicit instant in the past fires for what is done.
            task.withdrawWaiting(at: WallInstant(microsecondsSinceEpoch: .min))
        }
        if draft.isPaused { task.pausedAt = now }
        addRollover(to: &task, ids: &ids)
        task.holdBack(at: now)
        recordSkipped(of: task, now: now, in: &change)
        arm(task.reminders, of: task, in: &change)
        change.insertedTasks.append(task)
        change.events.append(changed(task, .created, id: ids.next(), now: now))
        return task
    }

    /// Plans the change of the fields that a patch names.
    func update(
        _ task: TaskItem,
        with patch: TaskPatch,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        try TaskLimits.check(patch)
        guard patch.changesContent || patch.changesSchedule || isTransition(patch, of: task) else {
            return Plan(task: task, isUnchanged: true)
        }
        var plan = Plan(task: task)
        plan.task.title = patch.title ?? task.title
        plan.task.description = patch.description.applied(to: task.description)
        plan.task.priority = patch.priority ?? task.priority
        plan.task.tags = patch.tags ?? task.tags
        plan.task.misfire = patch.misfire ?? task.misfire
        if patch.changesSchedule {
            try reschedule(&plan.task, by: patch, now: now, ids: &ids)
        }
        switch (task.status, patch.status) {
        case (.active, .completed): complete(&plan, now: now, ids: &ids, in: &change)
        case (.completed, .active): reopen(&plan, now: now, ids: &ids)
        default: break
        }
        touch(&plan.task, now: now)
        recordSkipped(of: plan.task, since: task, now: now, in: &change)
        reconcile(task, with: &plan.task, now: now, in: &change)
        change.updatedTasks.append(plan.task)
        let type: EventType =
            task.status == .active && plan.task.status == .completed ? .completed : .updated
        change.events.insert(changed(plan.task, type, id: ids.next(), now: now), at: 0)
        return plan
    }

    private func isTransition(_ patch: TaskPatch, of task: TaskItem) -> Bool {
        patch.status.map { $0 != task.status } ?? false
    }

    private func complete(
        _ plan: inout Plan,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) {
        (plan.task.status, plan.task.completedAt) = (.completed, now)
        // One whose instant has come may have fired; only the tables know, and its state stays.
        for index in plan.task.reminders.indices
        where plan.task.reminders[index].isWaiting(at: now) {
            plan.task.reminders[index].state = .withdrawn
        }
        guard let mark = plan.task.successionMark else { return }
        change.marks.append(mark)
        plan.next = addSuccessor(
            of: plan.task,
            after: now,
            passing: now,
            now: now,
            ids: &ids,
            in: &change
        )
    }

    private func reopen(_ plan: inout Plan, now: WallInstant, ids: inout IDSupply) {
        (plan.task.status, plan.task.completedAt) = (.active, nil)
        // What the schedule has created stays: it would not be created again.
        plan.reopens = plan.task.recurrence?.rollover != .onSchedule
        for index in plan.task.reminders.indices
        where plan.task.reminders[index].state == .withdrawn
            && plan.task.reminders[index].due > now
        {
            plan.task.reminders[index].id = ids.next()
            plan.task.reminders[index].state = .armed
        }
    }

    /// Plans the deletion of a task and of all that waits for it.
    func delete(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) -> Plan {
        change.deletedTasks.append(task)
        change.withdrawnReminders += task.reminders.filter { $0.state == .armed }
            .map { withdrawn($0, of: task) }
        change.events.append(changed(task, .deleted, id: ids.next(), now: now))
        return Plan(task: task)
    }

    /// Plans the withdrawal of the successor of a task that is reopened, if nobody touched it.
    func withdrawSuccessor(
        _ successor: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) {
        guard successor.version == 1, successor.status == .active else { return }
        _ = delete(successor, now: now, ids: &ids, in: &change)
    }

    /// Plans one more reminder for a task.
    func addReminder(
        _ input: ReminderInput,
        to task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        let count = task.reminders.filter { $0.kind == .reminder }.count
        guard count < TaskLimits.reminders else {
            throw Problem(.conflict, "A task has at most \(TaskLimits.reminders) reminders.")
        }
        var plan = Plan(task: task)
        do throws(Problem) {
            plan.task.reminders += try reminders([input], of: task, now: now, ids: &ids)
        } catch { throw error.renamed(from: "/reminders/0", to: "") }
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    /// Plans the removal of a reminder from a task.
    func removeReminder(
        _ id: Int64,
        from task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        var plan = Plan(task: task)
        plan.task.reminders.removeAll { $0.id == id && $0.kind == .reminder }
        guard plan.task.reminders.count < task.reminders.count else {
            throw Problem(.notFound, "Task \(task.id) has no reminder \(id).")
        }
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    /// Writes a plan that changed nothing but reminders and the recurrence.
    func finish(
        _ plan: inout Plan,
        of task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) {
        touch(&plan.task, now: now)
        recordSkipped(of: plan.task, since: task, now: now, in: &change)
        reconcile(task, with: &plan.task, now: now, in: &change)
        change.updatedTasks.append(plan.task)
        change.events.append(changed(plan.task, .updated, id: ids.next(), now: now))
    }

    func touch(_ task: inout TaskItem, now: WallInstant) {
        task.version += 1
        task.updatedAt = max(now, task.updatedAt)
    }
}

extension TaskPatch {
    /// Whether it changes what the task says.
    var changesContent: Bool {
        title != nil || description.isSet || priority != nil || tags != nil
    }
}

extension Reminder {
    /// Whether it is armed and its instant has not come.
    func isWaiting(at now: WallInstant) -> Bool {
        kind == .reminder && state == .armed && due > now
    }
}
