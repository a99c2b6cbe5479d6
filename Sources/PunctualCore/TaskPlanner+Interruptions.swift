// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// Until when a reminder is snoozed, as a request gives it.
package enum SnoozeInput: Sendable, Hashable {
    /// For so long from now.
    case duration(CalendarDuration)
    /// Until an instant.
    case until(WallInstant)
}

// What interrupts a task without changing what it says: snooze, skip, pause.
extension TaskPlanner {
    /// How long a reminder can be snoozed, in seconds.
    package static let longestSnooze: Int64 = 366 * 86_400

    /// Plans one more firing of a reminder; the reminder itself and its series stay as they are.
    func snooze(
        _ id: Int64,
        of task: TaskItem,
        by input: SnoozeInput,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        guard let index = task.reminders.firstIndex(where: { $0.id == id && $0.kind == .reminder })
        else { throw Problem(.notFound, "Task \(task.id) has no reminder \(id).") }
        try requireActive(task)
        let until = try instant(of: input, for: task, now: now)
        var plan = Plan(task: task)
        // One that still waits must not fire before.
        if plan.task.reminders[index].isWaiting(at: now) {
            plan.task.reminders[index].state = .skipped
        }
        // Snoozes that have had their turn make room.
        if task.reminders.count >= TaskLimits.reminders {
            plan.task.reminders.removeAll { reminder in
                if case .snooze = reminder.time { return reminder.due <= now && reminder.id != id }
                return false
            }
        }
        guard plan.task.reminders.count <= TaskLimits.reminders else {
            throw Problem(.conflict, "A task has at most \(TaskLimits.reminders) reminders.")
        }
        plan.task.reminders.append(
            Reminder(
                id: ids.next(),
                time: .snooze(of: id, until: until),
                due: until,
                state: .armed
            )
        )
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    private func instant(
        of input: SnoozeInput,
        for task: TaskItem,
        now: WallInstant
    ) throws(Problem) -> WallInstant {
        let latest = now.adding(microseconds: Self.longestSnooze * 1_000_000)
        switch input {
        case .until(let until):
            guard until > now, until <= latest else {
                throw .invalid("/until", "must be in the future and within 366 days")
            }
            return until
        case .duration(let duration):
            let until = duration.added(to: now, in: try rules(for: task.dueDate?.timezone))
            guard until > now, until <= latest else {
                throw .invalid("/for", "must be longer than PT0S and at most P366D")
            }
            return until
        }
    }

    /// Plans that the occurrence after this one is left out.
    func skipNext(
        of task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        guard let next = try next(of: task) else {
            throw Problem(.conflict, "The series ends with this occurrence: nothing to skip.")
        }
        var plan = Plan(task: task)
        guard var recurrence = task.recurrence, recurrence.exdates.count < TaskLimits.dates else {
            throw Problem(.conflict, "A series leaves out at most \(TaskLimits.dates) dates.")
        }
        recurrence.exdates = (recurrence.exdates + [next.nominal]).sorted()
        plan.task.recurrence = recurrence
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    /// Plans that the last of the skipped occurrences between this one and the next comes after all.
    func unskipNext(
        of task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        let next = try next(of: task)
        var plan = Plan(task: task)
        guard let nominal = task.nominal,
            let skipped = task.recurrence?.exdates.filter({ date in
                date > nominal && next.map { date < $0.nominal } ?? true
            }).max()
        else { throw Problem(.conflict, "No occurrence after this one was skipped.") }
        plan.task.recurrence?.exdates.removeAll { $0 == skipped }
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    /// The occurrence that would follow a task that repeats, or nil when its series ends with it.
    func next(of task: TaskItem) throws(Problem) -> Occurrence? {
        guard let recurrence = task.recurrence, let due = task.due else {
            throw Problem(.conflict, "Task \(task.id) does not repeat.")
        }
        guard recurrence.anchor == .due else {
            throw Problem(
                .conflict,
                "What follows task \(task.id) is counted from its completion; there is no next date."
            )
        }
        return recurrence.set(in: try rules(for: task.dueDate?.timezone)).next(after: due)
    }

    /// Plans that nothing of a task fires until it is resumed; twice is once.
    func pause(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        try requireActive(task)
        guard task.pausedAt == nil else { return Plan(task: task, isUnchanged: true) }
        var plan = Plan(task: task)
        plan.task.pausedAt = now
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    /// Plans that what is still to come of a paused task fires; what came meanwhile is skipped.
    func resume(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) throws(Problem) -> Plan {
        guard task.pausedAt != nil else { return Plan(task: task, isUnchanged: true) }
        var plan = Plan(task: task)
        plan.task.pausedAt = nil
        for index in plan.task.reminders.indices
        where plan.task.reminders[index].state == .withdrawn && task.status == .active {
            let reminder = plan.task.reminders[index]
            plan.task.reminders[index].id = ids.next()
            plan.task.reminders[index].state =
                reminder.kind == .rollover || reminder.due > now ? .armed : .skipped
        }
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    private func requireActive(_ task: TaskItem) throws(Problem) {
        guard task.status == .active else {
            throw Problem(.conflict, "Task \(task.id) is completed; reopen it first.")
        }
    }
}

extension TaskItem {
    /// Takes back what waits, while the task is paused.
    mutating func holdBack(at now: WallInstant) {
        guard pausedAt != nil else { return }
        withdrawWaiting(at: now)
        for index in reminders.indices
        where reminders[index].kind == .rollover && reminders[index].state == .armed {
            reminders[index].state = .withdrawn
        }
    }
}
