// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What a row of `reminders` makes happen when it is due.
package enum ReminderKind: Int16, Sendable {
    case reminder = 0
    case rollover = 1
    case job = 2
}

/// When a reminder fires.
package enum ReminderTime: Sendable, Hashable {
    /// Relative to the task's due date: negative is before it.
    case offset(CalendarDuration)
    /// An instant of its own.
    case at(WallInstant)
    /// The instant at which a series that rolls over on schedule makes its next occurrence.
    case rollover
    /// An instant chosen by snoozing another reminder.
    case snooze(of: Int64, until: WallInstant)
}

/// What has become of a reminder, as its task remembers it.
///
/// Whether an armed one has fired is not stored here: it has if neither `reminders` nor `outbox`
/// holds it any more.
package enum ReminderState: Int16, Sendable {
    /// Put into `reminders`.
    case armed = 0
    /// Already past when it was created, so never armed.
    case skipped = 1
    /// Taken back before it fired.
    case withdrawn = 2
}

/// One instant at which a task fires something.
package struct Reminder: Sendable, Hashable {
    /// 64 bits, unique within the database.
    package var id: Int64
    /// As given.
    package var time: ReminderTime
    /// The instant derived from `time`.
    package var due: WallInstant
    /// What has become of it.
    package var state: ReminderState

    /// Creates a reminder from its parts.
    package init(id: Int64, time: ReminderTime, due: WallInstant, state: ReminderState) {
        (self.id, self.time, self.due, self.state) = (id, time, due, state)
    }

    /// What its row makes happen.
    package var kind: ReminderKind { time == .rollover ? .rollover : .reminder }
}

/// A reminder as its owner sees it, with what the tables say of it at this moment.
package struct ReminderView: Sendable {
    /// The state as the API names it.
    package enum State: String, Sendable, CaseIterable {
        case scheduled, staged, fired, skipped, withdrawn
    }
    /// The reminder.
    package var reminder: Reminder
    /// What has become of it.
    package var state: State

    /// Creates a view from its parts.
    package init(reminder: Reminder, state: State) {
        (self.reminder, self.state) = (reminder, state)
    }
}

/// What happens to a reminder that is found overdue beyond a grace.
package struct MisfirePolicy: Sendable, Hashable {
    /// What to do beyond the grace.
    package enum Action: String, Sendable, CaseIterable {
        /// Fire it late.
        case fire
        /// Fire only the latest of a task's overdue reminders; record the others.
        case coalesce
        /// Record it and fire nothing.
        case skip

        /// The number under which the database keeps the action.
        package var code: Int16 { Int16(Self.allCases.firstIndex(of: self) ?? 0) }
    }
    /// What to do beyond the grace.
    package var action: Action
    /// How late a reminder may be and still simply fire, in milliseconds, up to 7 days.
    package var graceMilliseconds: Int32

    /// Creates a policy from its parts.
    package init(action: Action, graceMilliseconds: Int32) {
        (self.action, self.graceMilliseconds) = (action, graceMilliseconds)
    }

    /// Fire within a minute, then coalesce.
    package static let standard = Self(action: .coalesce, graceMilliseconds: 60_000)
}
