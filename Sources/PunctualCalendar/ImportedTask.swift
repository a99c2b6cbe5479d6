// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What an entry of a calendar (a VTODO or a VEVENT) becomes.
///
/// It is a proposal: the caller decides on users, zones and identifiers.
package struct ImportedTask: Hashable, Sendable {
    /// Whether the task is still to be done.
    package enum Status: Hashable, Sendable {
        /// It is still to be done.
        case active
        /// It was done, at the instant given if the calendar says so.
        case completed(at: WallInstant?)
    }

    /// How urgent it is; RFC 5545 §3.8.1.9 counts from 1, the highest, to 9.
    package enum Priority: String, Sendable {
        /// 6 to 9.
        case low
        /// 5, and 0 or nothing, which mean undefined.
        case medium
        /// 3 and 4.
        case high
        /// 1 and 2.
        case urgent
    }

    /// Whether it is a VEVENT: it takes place whether or not anybody completes it.
    package let isEvent: Bool
    /// The line of its BEGIN in the file, from 1.
    package let line: Int
    /// Its UID; several tasks share one when occurrences of a series stand for themselves.
    package let uid: String?
    /// For an occurrence that was changed by itself: the time it had in its series.
    package let recurrenceID: CalendarTime?
    /// SUMMARY on one line; never empty.
    package let title: String
    /// DESCRIPTION, and below it LOCATION and URL.
    package let description: String
    /// CATEGORIES, each once, in the order written.
    package let tags: [String]
    /// PRIORITY, on the scale of tasks.
    package let priority: Priority
    /// Whether it was completed.
    package let status: Status
    /// A VTODO's DUE, else its DTSTART and DURATION; a VEVENT's DTSTART.
    ///
    /// For a series it is the time that it is counted from (the DTSTART of RFC 5545), which its
    /// rule may not produce.
    package let due: CalendarTime?
    /// How it recurs; `nil` when it does not, or when it is completed.
    package internal(set) var recurrence: ImportedRecurrence?
    /// Its alarms, each time once; empty when the entry has none.
    package let reminders: [ImportedReminder]
    /// Whether it says that it has no alarm, not even a default one: ACTION:NONE.
    package let refusesReminders: Bool
    /// What an export wrote that iCalendar has no property for.
    package let extensions: [CalendarExtension: String]
}

/// How an imported task recurs, counted from its `due`.
///
/// `dates` and `exceptions` may be of another kind than `due` (UTC in a series with a zone);
/// `CalendarTime.civil(inZone:rules:)` brings them into the zone of the series.
package struct ImportedRecurrence: Hashable, Sendable {
    /// The rule; `nil` when the task recurs by `dates` alone.
    package let rule: RecurrenceRule?
    /// RDATE: occurrences beyond the rule's; of periods, their starts.
    package let dates: [CalendarTime]
    /// EXDATE, and the occurrences that stand for themselves or were cancelled.
    package internal(set) var exceptions: [CalendarTime]
}

/// When an alarm goes off.
package enum ImportedReminder: Hashable, Sendable {
    /// So long after the task is due; negative before.
    case offset(CalendarDuration)
    /// At this instant, once, whether or not the task recurs.
    case at(WallInstant)
}
