// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// A calendar in the format of RFC 5545, read as tasks.
///
/// Every VTODO and VEVENT is accounted for: it becomes a task, or it is merged into another
/// (a cancelled occurrence is an exception of its series), or a notice says why it was refused. So
/// `entryCount == tasks.count + mergedCount + refusedCount`.
///
/// All-day entries are due on a `CalendarTime.date`. The rule for them is that they are due at
/// the start of that day in the zone of whoever imports them, which the caller applies.
package struct CalendarImport: Sendable {
    /// The tasks in the order of the file.
    package let tasks: [ImportedTask]
    /// Everything that could not be kept as it was, in the order of the file.
    package let notices: [CalendarNotice]
    /// How many VTODOs and VEVENTs the calendar has.
    package let entryCount: Int
    /// How many of them became part of another task.
    package let mergedCount: Int
    /// How many of them are in `notices` alone: cancelled or superseded.
    package let refusedCount: Int

    /// Reads a calendar.
    ///
    /// - Parameters:
    ///   - bytes: the calendar as UTF-8, at most `CalendarLimits.inputBytes`.
    ///   - defaultZone: the IANA zone for a TZID that nobody knows.
    ///   - isKnownZone: whether a name is that of an IANA zone. It is asked only for names of
    ///     letters, digits and `_-+./`, none of whose parts is `.` or `..`.
    /// - Throws: `CalendarError` when it is no calendar, or larger than `CalendarLimits` allows.
    package init(
        reading bytes: [UInt8],
        defaultZone: String,
        isKnownZone: @escaping (String) -> Bool
    ) throws(CalendarError) {
        var notices = NoticeLog()
        let roots = try CalendarComponent.read(bytes, notices: &notices)
        guard roots.contains(where: { $0.name == "VCALENDAR" || $0.isEntry }) else {
            throw CalendarError(
                code: .notACalendar,
                message: "There is no BEGIN:VCALENDAR. Send an iCalendar (.ics) file.",
                line: nil
            )
        }
        let zones = ZoneResolver(defaultZone: defaultZone, isKnownZone: isKnownZone)
        var reader = EntryReader(zones: zones, notices: notices)
        var entries: [CalendarEntry] = []
        for root in roots {
            let calendar = root.name == "VCALENDAR" ? root : nil
            calendar?.tallyUnkept(&reader.notices)
            reader.enter(calendar, zones: zones)
            for component in calendar?.children ?? [root] {
                if component.isEntry {
                    entries.append(reader.read(component))
                } else if component.name != "VTIMEZONE" {
                    reader.notices.add(
                        component.line,
                        component.label,
                        component.name,
                        "Only VTODO and VEVENT become tasks; not kept."
                    )
                }
            }
        }
        var merger = EntryMerger(entries: entries, notices: reader.notices)
        tasks = merger.merged()
        entryCount = entries.count
        mergedCount = merger.mergedCount
        refusedCount = entries.count - tasks.count - merger.mergedCount
        self.notices = merger.notices.finished()
    }
}

extension CalendarComponent {
    /// Whether it can become a task.
    var isEntry: Bool { name == "VEVENT" || name == "VTODO" }

    /// Notes the properties of a calendar that its tasks do not keep.
    fileprivate func tallyUnkept(_ notices: inout NoticeLog) {
        for property in properties {
            let name = "VCALENDAR.\(property.name)"
            switch (property.name, property.value.uppercased()) {
            case ("PRODID", _), ("X-WR-TIMEZONE", _), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"),
                ("METHOD", "PUBLISH"), ("METHOD", "REQUEST"), ("METHOD", "ADD"),
                ("METHOD", "CANCEL"):
                break
            case ("VERSION", _), ("CALSCALE", _), ("METHOD", _):
                notices.tally(
                    property.line,
                    name,
                    "\(quoted(property.value)) is not known; read like an ordinary calendar."
                )
            default:
                notices.tally(
                    property.line,
                    name,
                    "It belongs to the calendar as a whole; not kept."
                )
            }
        }
    }
}
