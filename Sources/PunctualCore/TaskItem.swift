// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// How much a task matters.
package enum TaskPriority: String, Sendable, CaseIterable {
    case low, medium, high, urgent
    /// The order in which the database sorts: 0 low to 3 urgent.
    package var rank: Int16 { Int16(Self.allCases.firstIndex(of: self) ?? 1) }
}

/// Whether a task is still to be done.
package enum TaskStatus: String, Sendable, CaseIterable { case active, completed }

/// When a task is due: an instant, or a local time that follows its zone's rules.
package enum DueDate: Sendable, Hashable {
    /// An instant that no new tzdata moves.
    case instant(WallInstant)
    /// A local time in an IANA zone; the instant is derived from the rules in force.
    case local(CivilDateTime, timezone: String)

    /// The zone, or nil for an instant.
    package var timezone: String? {
        if case .local(_, let timezone) = self { timezone } else { nil }
    }
}

/// What a person must do.
package struct TaskItem: Sendable {
    /// The shard of the user.
    package var shard: Int16
    /// Unique within the database.
    package var id: Int64
    /// Whose task it is.
    package var userID: String
    /// 1 to 500 characters.
    package var title: String
    /// At most 10,000 characters.
    package var description: String?
    /// Whether it is still to be done.
    package var status: TaskStatus
    /// When it was done.
    package var completedAt: WallInstant?
    /// How much it matters.
    package var priority: TaskPriority
    /// At most 50, each of 1 to 100 characters, in the order given.
    package var tags: [String]
    /// When it is due, as given.
    package var dueDate: DueDate?
    /// The instant derived from `dueDate`.
    package var due: WallInstant?
    /// The tzdata release that `due` was derived with; nil for an instant.
    package var tzdata: String?
    /// The reminders of this occurrence, in the order given.
    package var reminders: [Reminder]
    /// How it repeats, if it does.
    package var recurrence: TaskRecurrence?
    /// What happens to its reminders that are found overdue.
    package var misfire: MisfirePolicy
    /// The first task of the series, for a recurring task.
    package var seriesID: Int64?
    /// The occurrence before this one.
    package var predecessorID: Int64?
    /// Which occurrence this is, counted from 1, those passed over included.
    package var occurrence: Int64
    /// The nominal local time of this occurrence: it names it within its series.
    package var nominal: CivilDateTime?
    /// Since when nothing of it fires; nil unless it is paused.
    package var pausedAt: WallInstant?
    /// When it was created.
    package var createdAt: WallInstant
    /// When it was last changed.
    package var updatedAt: WallInstant
    /// 1 for a new task, one more with every change.
    package var version: Int64

    /// Creates an active task with nothing optional set.
    package init(shard: Int16, id: Int64, userID: String, title: String, now: WallInstant) {
        (self.shard, self.id, self.userID, self.title) = (shard, id, userID, title)
        (status, priority, tags, reminders) = (.active, .medium, [], [])
        (misfire, occurrence, version) = (.standard, 1, 1)
        (createdAt, updatedAt) = (now, now)
    }
}

/// How a task repeats.
package struct TaskRecurrence: Sendable, Hashable {
    /// The rule; its text is stored in canonical form.
    package var rule: RecurrenceRule
    /// The nominal start of the series, from which COUNT and INTERVAL are counted.
    package var start: CivilDateTime
    /// Further nominal times.
    package var rdates: [CivilDateTime]
    /// Nominal times that are left out.
    package var exdates: [CivilDateTime]
    /// What the next occurrence is counted from.
    package var anchor: RecurrenceAnchor
    /// What makes the next occurrence appear.
    package var rollover: RolloverMode
    /// What happens at a local time that a DST change skips or repeats.
    package var dst: DSTPolicy

    /// Creates a recurrence with the default policies.
    package init(
        rule: RecurrenceRule,
        start: CivilDateTime,
        rdates: [CivilDateTime] = [],
        exdates: [CivilDateTime] = [],
        anchor: RecurrenceAnchor = .due,
        rollover: RolloverMode = .onCompletion,
        dst: DSTPolicy = DSTPolicy()
    ) {
        (self.rule, self.start, self.rdates, self.exdates) = (rule, start, rdates, exdates)
        (self.anchor, self.rollover, self.dst) = (anchor, rollover, dst)
    }
}

/// What the next occurrence is counted from.
package enum RecurrenceAnchor: String, Sendable, CaseIterable { case due, completion }

/// What makes the next occurrence appear.
package enum RolloverMode: String, Sendable, CaseIterable {
    case onCompletion = "on_completion"
    case onSchedule = "on_schedule"
}
