// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A task as a calendar shows it: what becomes one VTODO.
package struct ExportedTask: Hashable, Sendable {
    /// UID: the same in every export, unique among the tasks of an installation.
    package var uid: String
    /// The UID of the first task of its series; nil for a task that is no part of one.
    package var seriesUID: String?
    /// SEQUENCE: how often it was changed, from 0.
    package var sequence: Int64 = 0
    /// When it was created.
    package var createdAt: WallInstant
    /// When it was last changed: its DTSTAMP, so that equal tasks give equal calendars.
    package var updatedAt: WallInstant
    /// SUMMARY.
    package var title: String
    /// DESCRIPTION.
    package var description: String?
    /// CATEGORIES.
    package var tags: [String] = []
    /// PRIORITY: 1 urgent, 3 high, 5 medium, 9 low.
    package var priority = ImportedTask.Priority.medium
    /// Whether it was done, and when.
    package var status = ImportedTask.Status.active
    /// When it is due, an instant or a local time.
    package var due: CalendarTime?
    /// How it recurs from `due` on.
    package var recurrence: ExportedRecurrence?
    /// Its alarms; none at all is said as well, so that nobody adds default ones.
    package var reminders: [ImportedReminder] = []
    /// What iCalendar has no property for: written and read as `X-PUNCTUAL-` and the name.
    package var extensions: [CalendarExtension: String] = [:]

    /// Creates a task with nothing optional set.
    package init(uid: String, title: String, createdAt: WallInstant, updatedAt: WallInstant) {
        (self.uid, self.title) = (uid, title)
        (self.createdAt, self.updatedAt) = (createdAt, updatedAt)
    }
}

/// How an exported task recurs.
package struct ExportedRecurrence: Hashable, Sendable {
    /// The rule, counted from `start`.
    package var rule: RecurrenceRule
    /// The nominal start of the series, perhaps long before the task is due.
    package var start: CivilDateTime
    /// Which occurrence the task is, from 1.
    package var occurrence: Int64
    /// Further nominal times.
    package var dates: [CivilDateTime]
    /// Nominal times left out.
    package var exceptions: [CivilDateTime]

    /// Creates a recurrence from its parts.
    package init(
        rule: RecurrenceRule,
        start: CivilDateTime,
        occurrence: Int64 = 1,
        dates: [CivilDateTime] = [],
        exceptions: [CivilDateTime] = []
    ) {
        (self.rule, self.start, self.occurrence) = (rule, start, occurrence)
        (self.dates, self.exceptions) = (dates, exceptions)
    }
}

/// What a task knows that iCalendar cannot say; other programs pass over it.
package enum CalendarExtension: String, Hashable, Sendable, CaseIterable {
    // One name a line would say no more.
    case anchor = "ANCHOR"
    case rollover = "ROLLOVER"
    case dst = "DST"
    case misfire = "MISFIRE"
    /// `TRUE` for a task of which nothing fires for the time being.
    case paused = "PAUSED"
    /// The start of a series of which earlier occurrences are past.
    case seriesStart = "DTSTART"
    /// The rule as it is counted from that start.
    case seriesRule = "RRULE"

    /// What every one of these properties begins with.
    static let prefix = "X-PUNCTUAL-"

    /// The name of the property.
    var propertyName: String { Self.prefix + rawValue }
}
