// SPDX-License-Identifier: Apache-2.0

/// What one calendar may cost its reader: every bound of this module, in one place.
///
/// They are far above what people's calendars hold, and low enough that a hostile file cannot
/// make the server allocate or loop without end. Passing one of the first six refuses the whole
/// calendar with a `CalendarError`; passing one of the others is reported in a `CalendarNotice`.
package enum CalendarLimits {
    /// Bytes in one calendar (10 MiB).
    package static let inputBytes = 10 << 20
    /// Bytes in one content line after unfolding (1 MiB).
    package static let lineBytes = 1 << 20
    /// Components in one calendar, at every level together.
    package static let components = 50_000
    /// Components inside one another, the calendar itself included.
    package static let nesting = 8
    /// Properties in one component.
    package static let propertiesPerComponent = 1_000
    /// Properties in one calendar.
    package static let properties = 500_000

    /// Notices listed one by one; the rest is only counted.
    package static let notices = 10_000
    /// Dates read from the RDATE properties of one entry, and as many from its EXDATEs.
    package static let datesPerEntry = 10_000
    /// Reminders of one task.
    package static let remindersPerTask = 64
    /// Tags of one task.
    package static let tagsPerTask = 256
    /// Unicode scalars of a text that a message quotes.
    package static let quotedScalars = 80
}
