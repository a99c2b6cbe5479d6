// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// Whose request it is.
package struct User: Sendable, Hashable {
    /// The `sub` of the token; 1 to 255 characters.
    package var id: String
    /// The e-mail address, when the token or the user gave one.
    package var email: String?
    /// The IANA time zone that the token names, if it does.
    package var timezone: String?

    /// Creates a user from its parts.
    package init(id: String, email: String? = nil, timezone: String? = nil) {
        (self.id, self.email, self.timezone) = (id, email, timezone)
    }
}

/// A point in time as a request gives it.
package enum TimeInput: Sendable, Hashable {
    /// RFC 3339 with an offset.
    case instant(WallInstant)
    /// A local time without an offset; it needs a zone beside it.
    case local(CivilDateTime)
}

/// A reminder as a request gives it.
package enum ReminderInput: Sendable, Hashable {
    /// Relative to the due date: negative is before it.
    case offset(CalendarDuration)
    /// An instant of its own.
    case at(WallInstant)
}

/// A recurrence as a request gives it, in either spelling.
package struct RecurrenceInput: Sendable, Hashable {
    /// The rule.
    package var rule: RecurrenceRule
    /// The start of the series; the due date when absent.
    package var start: TimeInput?
    /// Further nominal times.
    package var rdates: [CivilDateTime] = []
    /// Nominal times left out.
    package var exdates: [CivilDateTime] = []

    /// Creates an input with a rule alone.
    package init(rule: RecurrenceRule) { self.rule = rule }
}

/// A task as a request to create one gives it.
package struct TaskDraft: Sendable {
    /// 1 to 500 characters.
    package var title: String
    /// At most 10,000 characters.
    package var description: String?
    /// How much it matters; medium when absent.
    package var priority: TaskPriority?
    /// At most 50.
    package var tags: [String] = []
    /// When it is due.
    package var dueDate: TimeInput?
    /// IANA zone; makes the due date a local time.
    package var timezone: String?
    /// At most 20; nil means the defaults, one day and one hour before.
    package var reminders: [ReminderInput]?
    /// How it repeats.
    package var recurrence: RecurrenceInput?
    /// What the next occurrence is counted from.
    package var anchor: RecurrenceAnchor?
    /// What makes the next occurrence appear.
    package var rollover: RolloverMode?
    /// What happens at a local time that a DST change skips or repeats.
    package var dst: DSTPolicy?
    /// What happens to overdue reminders.
    package var misfire: MisfirePolicy?
    /// Whether nothing of it fires until it is resumed.
    package var isPaused = false
    /// Whether the task is created as done already, and when it was.
    package var completedAt: WallInstant?

    /// Whether it is due and names no reminders.
    var takesDefaultReminders: Bool {
        reminders == nil && (dueDate != nil || recurrence != nil)
    }

    /// Creates a draft with a title alone.
    package init(title: String) { self.title = title }
}

/// What a request says about one field of an existing task.
package enum Update<Value: Sendable>: Sendable {
    /// The request does not name it.
    case keep
    /// The request sets it; nil clears it.
    case set(Value?)

    /// The new value when there is one, and otherwise the old.
    package func applied(to old: Value?) -> Value? {
        if case .set(let value) = self { value } else { old }
    }

    /// Whether the request names the field.
    package var isSet: Bool { if case .set = self { true } else { false } }
}

/// The fields of a task that a request changes.
package struct TaskPatch: Sendable {
    /// Cannot be cleared.
    package var title: String?
    /// The description.
    package var description = Update<String>.keep
    /// `completed` is the same as completing the task, `active` as reopening it.
    package var status: TaskStatus?
    /// How much it matters.
    package var priority: TaskPriority?
    /// The tags.
    package var tags: [String]?
    /// When it is due.
    package var dueDate = Update<TimeInput>.keep
    /// IANA zone.
    package var timezone = Update<String>.keep
    /// The reminders; cleared means none.
    package var reminders = Update<[ReminderInput]>.keep
    /// How it repeats.
    package var recurrence = Update<RecurrenceInput>.keep
    /// What the next occurrence is counted from.
    package var anchor: RecurrenceAnchor?
    /// What makes the next occurrence appear.
    package var rollover: RolloverMode?
    /// What happens at a local time that a DST change skips or repeats.
    package var dst: DSTPolicy?
    /// What happens to overdue reminders.
    package var misfire: MisfirePolicy?

    /// Creates a patch that changes nothing.
    package init() {}

    /// Whether it changes when the task or its reminders are due.
    package var changesSchedule: Bool {
        dueDate.isSet || timezone.isSet || reminders.isSet || recurrence.isSet
            || anchor != nil || rollover != nil || dst != nil || misfire != nil
    }
}

/// The answer to a change.
package struct ChangeAnswer: Sendable {
    /// The task as it is now.
    package var task: TaskItem
    /// The occurrence that follows, after a completion.
    package var next: TaskItem?
    /// False only if it is certain that no reminder of the task fired or will fire any more
    /// for what the change took back.
    package var mayHaveFired: Bool

    /// Creates an answer from its parts.
    package init(task: TaskItem, next: TaskItem? = nil, mayHaveFired: Bool) {
        (self.task, self.next, self.mayHaveFired) = (task, next, mayHaveFired)
    }
}
