// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A recurrence that a request sets.
struct RecurrenceChange {
    var input: RecurrenceInput
    var anchor: RecurrenceAnchor
    var rollover: RolloverMode
    var dst: DSTPolicy
}

// When a task is due, and the reminders that follow from it.
extension TaskPlanner {
    /// The reminders of a task that names none: one day and one hour before it is due.
    package static let standardOffsets = [(-1, 0), (0, -3_600)].compactMap {
        // Both are within the bounds of a duration.
        try? CalendarDuration(days: $0.0, seconds: $0.1)
    }
    static let defaultReminders = standardOffsets.map { ReminderInput.offset($0) }

    /// The rules by which a task's local times are read; UTC for one that is an instant.
    func rules(for timezone: String?) throws(Problem) -> ZoneRules {
        guard let timezone else { return .utc }
        guard let rules = zones.rules(for: timezone) else {
            throw .invalid(
                "/timezone",
                "is no IANA time zone; use a name such as Europe/Lisbon or UTC"
            )
        }
        return rules
    }

    /// Sets when the task is due and how it repeats, from what a request gives.
    func setSchedule(
        of task: inout TaskItem,
        dueDate: TimeInput?,
        timezone: String?,
        recurrence: RecurrenceChange?
    ) throws(Problem) {
        let rules = try rules(for: timezone)
        let dst = recurrence?.dst ?? DSTPolicy()
        (task.dueDate, task.due, task.recurrence, task.nominal) = (nil, nil, nil, nil)
        if let dueDate {
            try setDue(of: &task, to: dueDate, timezone: timezone, rules: rules, dst: dst)
        }
        task.tzdata = timezone == nil ? nil : zones.version
        guard let recurrence else { return }
        let start = try start(of: recurrence.input, task: task, timezone: timezone, rules: rules)
        let value = TaskRecurrence(
            rule: recurrence.input.rule,
            start: start,
            rdates: recurrence.input.rdates,
            exdates: recurrence.input.exdates,
            anchor: recurrence.anchor,
            rollover: recurrence.rollover,
            dst: dst
        )
        let series = value.set(in: rules)
        guard let first = series.next(afterLocal: start.adding(seconds: -1)),
            let instant = first.instant
        else {
            throw .invalid("/rrule", "never matches a date; check its BY parts, COUNT and UNTIL")
        }
        task.recurrence = value
        if task.due == nil {
            task.due = instant
            task.dueDate = timezone.map { .local(first.nominal, timezone: $0) } ?? .instant(instant)
        }
        task.nominal = task.localDue(in: rules)
    }

    private func setDue(
        of task: inout TaskItem,
        to input: TimeInput,
        timezone: String?,
        rules: ZoneRules,
        dst: DSTPolicy
    ) throws(Problem) {
        switch (input, timezone) {
        case (.instant(let instant), nil): (task.dueDate, task.due) = (.instant(instant), instant)
        case (.instant(let instant), let timezone?):
            // The instant given counts, also where the local time beside it occurs twice.
            task.dueDate = .local(rules.localTime(at: instant), timezone: timezone)
            task.due = instant
        case (.local, nil):
            throw .invalid(
                "/due_date",
                "has no offset; end it with Z or an offset such as +01:00, or add a timezone"
            )
        case (.local(let local), let timezone?):
            task.dueDate = .local(local, timezone: timezone)
            task.due = rules.resolve(local, gap: dst.gap, fold: dst.fold).instant
        }
    }

    private func start(
        of input: RecurrenceInput,
        task: TaskItem,
        timezone: String?,
        rules: ZoneRules
    ) throws(Problem) -> CivilDateTime {
        switch input.start {
        case .instant(let instant): return rules.localTime(at: instant)
        case .local(let local):
            guard timezone != nil else {
                throw .invalid("/dtstart", "has no offset; add one, or a timezone beside it")
            }
            return local
        case nil:
            guard let local = task.localDue(in: rules) else {
                throw .invalid("/due_date", "is missing: a task that repeats needs its first date")
            }
            return local
        }
    }

    /// Applies the scheduling fields of a patch.
    func reschedule(
        _ task: inout TaskItem,
        by patch: TaskPatch,
        now: WallInstant,
        ids: inout IDSupply
    ) throws(Problem) {
        let old = task
        let timezone = patch.timezone.applied(to: old.dueDate?.timezone)
        let dueDate = patch.dueDate.applied(to: old.dueInput)
        let recurrence: RecurrenceChange?
        switch patch.recurrence {
        case .set(nil): recurrence = nil
        case .set(let input?): recurrence = change(old.recurrence, to: input, by: patch)
        case .keep:
            recurrence = old.recurrence.map {
                change(
                    $0,
                    to: old.input(of: $0, movedTo: patch.dueDate.isSet ? dueDate : nil),
                    by: patch
                )
            }
        }
        if dueDate == nil, case .keep = patch.recurrence, recurrence != nil {
            throw .invalid("/due_date", "cannot be cleared while the task repeats")
        }
        try setSchedule(of: &task, dueDate: dueDate, timezone: timezone, recurrence: recurrence)
        if old.due != nil, !patch.dueDate.isSet, !patch.timezone.isSet, patch.dst == nil {
            // Its fraction of a second, and which of two equal local times it was, are kept.
            (task.due, task.tzdata) = (old.due, old.tzdata)
        }
        if task.recurrence != nil, task.seriesID == nil { task.seriesID = task.id }
        let given: [ReminderInput]
        switch patch.reminders {
        case .set(let inputs): given = inputs ?? []
        case .keep: given = old.reminders.compactMap(\.input)
        }
        let derived = try reminders(given, of: task, now: now, ids: &ids)
        // What is as it was stays as it was: the same id, and nothing fires twice. But the row of
        // an armed reminder holds the misfire policy.
        task.reminders = derived.map { reminder in
            old.reminders.first {
                $0.time == reminder.time && $0.due == reminder.due
                    && (patch.misfire == nil || !$0.isWaiting(at: now))
            } ?? reminder
        }
        task.reminders += old.reminders.filter { if case .snooze = $0.time { true } else { false } }
        addRollover(to: &task, replacing: old, ids: &ids)
        if task.status == .completed { task.withdrawWaiting(at: now) }
    }

    private func change(
        _ old: TaskRecurrence?,
        to input: RecurrenceInput,
        by patch: TaskPatch
    ) -> RecurrenceChange {
        RecurrenceChange(
            input: input,
            anchor: patch.anchor ?? old?.anchor ?? .due,
            rollover: patch.rollover ?? old?.rollover ?? .onCompletion,
            dst: patch.dst ?? old?.dst ?? DSTPolicy()
        )
    }

    /// Derives reminders; those relative to the due date that are past already are skipped,
    /// unless they are due at `armsFrom` or later.
    func reminders(
        _ inputs: [ReminderInput],
        of task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        armsFrom: WallInstant? = nil
    ) throws(Problem) -> [Reminder] {
        var reminders: [Reminder] = []
        for (index, input) in inputs.enumerated() {
            switch input {
            case .at(let instant):
                reminders.append(
                    Reminder(id: ids.next(), time: .at(instant), due: instant, state: .armed)
                )
            case .offset(let offset):
                guard let due = try due(of: task, offsetBy: offset) else {
                    throw .invalid(
                        "/reminders/\(index)/offset",
                        "needs a due_date on the task; give the reminder an instant in `at` instead"
                    )
                }
                reminders.append(
                    Reminder(
                        id: ids.next(),
                        time: .offset(offset),
                        due: due,
                        state: due > now || armsFrom.map { due >= $0 } ?? false
                            ? .armed : .skipped
                    )
                )
            }
        }
        return reminders
    }

    private func due(
        of task: TaskItem,
        offsetBy offset: CalendarDuration
    ) throws(Problem) -> WallInstant? {
        guard let dueDate = task.dueDate, let due = task.due else { return nil }
        return offset.added(to: due, in: try rules(for: dueDate.timezone))
    }

    /// Gives a series that rolls over on schedule the reminder that makes it do so.
    func addRollover(
        to task: inout TaskItem,
        replacing old: TaskItem? = nil,
        ids: inout IDSupply
    ) {
        guard task.recurrence?.rollover == .onSchedule, let due = task.due else { return }
        let kept = old?.reminders.first { $0.time == .rollover && $0.due == due }
        task.reminders.append(
            kept ?? Reminder(id: ids.next(), time: .rollover, due: due, state: .armed)
        )
    }

    /// Puts the rows of armed reminders into a change.
    func arm(_ reminders: [Reminder], of task: TaskItem, in change: inout ChangeSet) {
        change.armedReminders += reminders.filter { $0.state == .armed }.map { reminder in
            ArmedReminder(
                shard: task.shard,
                id: reminder.id,
                kind: reminder.kind,
                taskID: task.id,
                due: reminder.due,
                nominal: nominal(of: task, reminder),
                misfire: task.misfire,
                traceparent: TraceContext.told
            )
        }
    }

    /// Withdraws what the new task does not keep of the old one's reminders, and arms the others.
    ///
    /// While a task is paused nothing of it is armed.
    func reconcile(
        _ old: TaskItem,
        with new: inout TaskItem,
        now: WallInstant,
        in change: inout ChangeSet
    ) {
        new.holdBack(at: now)
        let kept = Set(
            new.reminders.filter {
                $0.state == .armed && (new.status == .active || $0.kind == .rollover)
            }.map(\.id)
        )
        let known = Set(old.reminders.filter { $0.state == .armed }.map(\.id))
        change.withdrawnReminders += old.reminders
            .filter { $0.state == .armed && !kept.contains($0.id) }
            .map { withdrawn($0, of: old) }
        arm(
            new.reminders.filter { kept.contains($0.id) && !known.contains($0.id) },
            of: new,
            in: &change
        )
    }

    /// The row of a reminder that is to be taken back.
    func withdrawn(_ reminder: Reminder, of task: TaskItem) -> WithdrawnReminder {
        WithdrawnReminder(
            shard: task.shard,
            id: reminder.id,
            due: reminder.due,
            nominal: nominal(of: task, reminder),
            kind: reminder.kind
        )
    }

    /// The nominal local time under which a reminder is staged.
    ///
    /// It depends on nothing that an edit can change while the reminder keeps its id.
    private func nominal(of task: TaskItem, _ reminder: Reminder) -> CivilDateTime {
        ZoneRules.utc.localTime(at: reminder.due)
    }
}

extension TaskItem {
    /// The due date on a clock in the zone of `rules`.
    func localDue(in rules: ZoneRules) -> CivilDateTime? {
        switch dueDate {
        case .local(let local, _): local
        case .instant(let instant): rules.localTime(at: instant)
        case nil: nil
        }
    }

    /// The due date as a request would give it.
    var dueInput: TimeInput? {
        switch dueDate {
        case .local(let local, _): .local(local)
        case .instant(let instant): .instant(instant)
        case nil: nil
        }
    }

    /// What a request would give for its recurrence.
    ///
    /// Moving the due date moves the series: it starts anew from there, with what is left of COUNT.
    func input(of recurrence: TaskRecurrence, movedTo start: TimeInput?) -> RecurrenceInput {
        var input = RecurrenceInput(rule: recurrence.rule)
        (input.rdates, input.exdates) = (recurrence.rdates, recurrence.exdates)
        if let start {
            input.start = start
            input.rule = recurrence.ruleLeft(at: nominal)
        } else {
            let isLocal = dueDate?.timezone != nil
            input.start =
                isLocal ? .local(recurrence.start) : .instant(WallInstant(utc: recurrence.start))
        }
        return input
    }

    /// Marks as withdrawn what is armed and has not come.
    mutating func withdrawWaiting(at now: WallInstant) {
        for index in reminders.indices where reminders[index].isWaiting(at: now) {
            reminders[index].state = .withdrawn
        }
    }
}

extension Reminder {
    /// The reminder as a request would give it; nil for those that no request gives.
    var input: ReminderInput? {
        switch time {
        case .offset(let offset): .offset(offset)
        case .at(let instant): .at(instant)
        case .rollover, .snooze: nil
        }
    }
}
