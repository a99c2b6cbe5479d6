// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

// The next occurrence of a series, whoever asks for it.
extension TaskPlanner {
    /// How many passed-over occurrences one rollover records one by one.
    package static let maximumPassedOver = 500

    /// Creates the task that follows, or nothing when the series has ended.
    ///
    /// It is due at the first nominal time after both the task's due date and `passing`; those in
    /// between are recorded as missed. A series anchored to completion counts from `instant`.
    func addSuccessor(
        of task: TaskItem,
        after instant: WallInstant,
        passing: WallInstant,
        now: WallInstant,
        armsFrom: WallInstant? = nil,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) -> TaskItem? {
        guard let recurrence = task.recurrence, let due = task.due,
            // The zone was known when the task was made; if it is gone now, UTC is the best guess.
            let rules = Optional((try? rules(for: task.dueDate?.timezone)) ?? .utc)
        else { return nil }
        let series = recurrence.set(in: rules)
        var passedOver: [Occurrence] = []
        var next: Occurrence?
        if recurrence.anchor == .completion {
            next = nextAnchored(task, recurrence, completedAt: instant, rules: rules)
        } else {
            next = series.next(after: due)
            while let candidate = next, let time = candidate.instant, time <= passing {
                passedOver.append(candidate)
                if passedOver.count == Self.maximumPassedOver {
                    next = series.next(after: passing)
                    break
                }
                next = series.next(after: time)
            }
        }
        recordMissed(passedOver, of: task, now: now, in: &change)
        guard let next, let nextDue = next.instant else { return nil }
        var successor = TaskItem(
            shard: task.shard,
            id: ids.next(),
            userID: task.userID,
            title: task.title,
            now: now
        )
        successor.description = task.description
        (successor.priority, successor.tags) = (task.priority, task.tags)
        (successor.recurrence, successor.misfire) = (recurrence, task.misfire)
        (successor.seriesID, successor.predecessorID) = (task.seriesID ?? task.id, task.id)
        successor.occurrence = task.occurrence + Int64(passedOver.count) + 1
        successor.nominal = next.nominal
        successor.due = nextDue
        successor.dueDate =
            task.dueDate?.timezone.map { .local(next.nominal, timezone: $0) } ?? .instant(nextDue)
        successor.tzdata = task.dueDate?.timezone == nil ? nil : zones.version
        let relative = task.reminders.compactMap(\.input).filter {
            if case .offset = $0 { true } else { false }
        }
        // Reminders relative to a due date that exists cannot be refused.
        successor.reminders =
            (try? reminders(relative, of: successor, now: now, ids: &ids, armsFrom: armsFrom)) ?? []
        addRollover(to: &successor, ids: &ids)
        successor.pausedAt = task.pausedAt
        successor.holdBack(at: now)
        recordSkipped(of: successor, now: now, in: &change)
        arm(successor.reminders, of: successor, in: &change)
        change.insertedTasks.append(successor)
        change.events.append(changed(successor, .created, id: ids.next(), now: now))
        return successor
    }

    /// Plans the next occurrence of a task that is completed and has none.
    ///
    /// The task gets a new version with it, so that whoever reopens it at this moment sees the
    /// next occurrence.
    func succeed(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) -> Plan {
        var plan = Plan(task: task)
        guard let mark = task.successionMark, let completedAt = task.completedAt else {
            return plan
        }
        change.marks.append(mark)
        plan.next = addSuccessor(
            of: task,
            after: completedAt,
            passing: completedAt,
            now: now,
            ids: &ids,
            in: &change
        )
        finish(&plan, of: task, now: now, ids: &ids, in: &change)
        return plan
    }

    private func nextAnchored(
        _ task: TaskItem,
        _ recurrence: TaskRecurrence,
        completedAt: WallInstant,
        rules: ZoneRules
    ) -> Occurrence? {
        if case .count(let count) = recurrence.rule.end, task.occurrence >= Int64(count) {
            return nil
        }
        return recurrence.set(in: rules).next(
            afterCompletion: rules.localTime(at: completedAt),
            previous: task.nominal
        )
    }

    /// What a series that rolls over on schedule does at the due instant of `task`.
    ///
    /// Within the grace of its policy, or when the policy is to fire, the next nominal time
    /// follows, be it past or not. Beyond it `coalesce` goes to the latest that is past, so that
    /// one stands for all, and `skip` to the first that is not. Those passed over are recorded as
    /// missed.
    func rollOver(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) -> TaskItem? {
        guard let due = task.due else { return nil }
        let grace = Int64(task.misfire.graceMilliseconds) * 1_000
        let isLate = now > due.adding(microseconds: grace)
        switch task.misfire.action {
        case .skip where isLate:
            return addSuccessor(
                of: task,
                after: now,
                passing: now,
                now: now,
                ids: &ids,
                in: &change
            )
        case .coalesce where isLate:
            let latest = latest(of: task, notAfter: now) ?? due
            return addSuccessor(
                of: task,
                after: latest,
                passing: latest.adding(microseconds: -1),
                now: now,
                ids: &ids,
                in: &change
            )
        default:
            return addSuccessor(
                of: task,
                after: due,
                passing: due,
                now: now,
                // What could not have been armed before fires now, as the policy says.
                armsFrom: task.misfire.action == .fire ? .distantPast : due,
                ids: &ids,
                in: &change
            )
        }
    }

    /// The last occurrence after the task's own that is not after `instant`, found by halving.
    private func latest(of task: TaskItem, notAfter instant: WallInstant) -> WallInstant? {
        guard let due = task.due, let rules = try? rules(for: task.dueDate?.timezone),
            let series = task.recurrence?.set(in: rules)
        else { return nil }
        var latest: WallInstant?
        var (low, high) = (due.microsecondsSinceEpoch, instant.microsecondsSinceEpoch)
        while low < high {
            let middle = low + (high - low) / 2
            let next = series.next(after: WallInstant(microsecondsSinceEpoch: middle))?.instant
            if let next, next <= instant {
                latest = next
                low = next.microsecondsSinceEpoch
            } else {
                high = middle
            }
        }
        return latest
    }

    /// Derives the instants of a task in local time anew, from the rules that are in force now.
    func deriveAnew(
        _ task: TaskItem,
        now: WallInstant,
        ids: inout IDSupply,
        in change: inout ChangeSet
    ) -> Plan {
        var plan = Plan(task: task)
        plan.task.tzdata = zones.version
        if case .local(let local, let timezone) = task.dueDate, let due = task.due,
            let rules = zones.rules(for: timezone)
        {
            let dst = task.recurrence?.dst ?? DSTPolicy()
            let whole = rules.resolve(local, gap: dst.gap, fold: dst.fold).instant
            let fraction = due.microsecondsSinceEpoch - due.secondsSinceEpoch * 1_000_000
            let moved = whole.adding(microseconds: fraction)
            // An instant that was given inside a fold stays the second of the two.
            if moved != due, rules.localTime(at: due) != local {
                plan.task.due = moved
                move(&plan.task, from: task, now: now, ids: &ids)
                change.events.append(
                    reminderEvent(
                        .moved,
                        of: plan.task,
                        sourceID: ids.next(),
                        due: now,
                        remindAt: moved,
                        reason: "tzdata \(zones.version) moved it from \(due.rfc3339)"
                    )
                )
            }
        }
        reconcile(task, with: &plan.task, now: now, in: &change)
        plan.task.version += 1
        change.updatedTasks.append(plan.task)
        return plan
    }

    private func move(
        _ task: inout TaskItem,
        from old: TaskItem,
        now: WallInstant,
        ids: inout IDSupply
    ) {
        for (index, reminder) in old.reminders.enumerated()
        where reminder.state == .armed && reminder.due > now {
            switch reminder.time {
            case .offset(let offset):
                guard
                    let input = try? reminders(
                        [.offset(offset)],
                        of: task,
                        now: now,
                        ids: &ids,
                        armsFrom: .distantPast
                    ).first
                else { continue }
                task.reminders[index] = input
            case .rollover:
                guard let due = task.due else { continue }
                task.reminders[index].id = ids.next()
                task.reminders[index].due = due
            case .at, .snooze: continue
            }
        }
    }

    /// The next occurrences of a rule that is not stored.
    func preview(
        _ recurrence: RecurrenceInput,
        timezone: String?,
        dst: DSTPolicy?,
        count: Int,
        now: WallInstant
    ) throws(Problem) -> [Occurrence] {
        guard (1...100).contains(count) else { throw .invalid("/count", "must be 1 to 100") }
        try TaskLimits.check(recurrence)
        let rules = try rules(for: timezone)
        var task = TaskItem(shard: 0, id: 0, userID: "", title: "", now: now)
        var input = recurrence
        if input.start == nil { input.start = .instant(now) }
        try setSchedule(
            of: &task,
            dueDate: nil,
            timezone: timezone,
            recurrence: RecurrenceChange(
                input: input,
                anchor: .due,
                rollover: .onCompletion,
                dst: dst ?? DSTPolicy()
            )
        )
        guard let value = task.recurrence else { return [] }
        return Array(value.set(in: rules).occurrences(from: value.start).prefix(count))
    }
}

extension WallInstant {
    /// Before everything that is ever due.
    fileprivate static var distantPast: WallInstant { WallInstant(microsecondsSinceEpoch: .min) }
}
