// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// One VTODO or VEVENT, read, before it meets the others with its UID.
struct CalendarEntry {
    /// The task it becomes unless another entry replaces it.
    var task: ImportedTask
    /// Its series as the calendar counts it.
    let series: EntrySeries?
    /// `VTODO` or `VEVENT`.
    let kind: String
    /// How a notice names it.
    let label: String?
    /// SEQUENCE: the revision, which decides between two of the same entry.
    let sequence: Int
    /// STATUS:CANCELLED, or the calendar's METHOD:CANCEL.
    let isCancelled: Bool
}

/// Reads the entries of a calendar one after the other, and notes what cannot be kept.
///
/// Each extension reads one aspect: texts, times, recurrence, alarms.
struct EntryReader {
    var zones: ZoneResolver
    var notices: NoticeLog
    /// The entry that is being read.
    private(set) var component = CalendarComponent(name: "", line: 0)
    private(set) var label: String?
    /// METHOD:CANCEL (RFC 5546 §3.2.5): every entry of the calendar is cancelled.
    private var isCancellation = false

    init(zones: ZoneResolver, notices: consuming NoticeLog) {
        self.zones = zones
        self.notices = notices
    }

    /// Turns to the entries of `calendar`, which may define zones of its own; `nil` for an entry
    /// that stands outside of any.
    mutating func enter(_ calendar: CalendarComponent?, zones: ZoneResolver) {
        isCancellation = calendar?.first("METHOD")?.value.uppercased() == "CANCEL"
        self.zones = zones
        if let calendar { self.zones.learn(from: calendar) }
    }

    /// The properties whose meaning a task carries, or that frame the entry.
    private static let kept: Set<String> = [
        "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CATEGORIES", "PRIORITY", "STATUS",
        "DTSTART", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "SEQUENCE",
    ]
    private static let keptOfToDo: Set<String> = [
        "DUE", "DURATION", "COMPLETED", "PERCENT-COMPLETE",
    ]
    private static let repeatable: Set<String> = [
        "CATEGORIES", "RRULE", "RDATE", "EXDATE", "EXRULE",
    ]

    /// Reads one VTODO or VEVENT.
    mutating func read(_ component: CalendarComponent) -> CalendarEntry {
        self.component = component
        label = component.label
        tallyUnkept()
        let recurrenceID = recurrenceID()
        let status = status()
        let times = times()
        let series = series(times, isOverride: recurrenceID != nil, status: status)
        let due = series?.due ?? times.due
        let task = ImportedTask(
            isEvent: component.name == "VEVENT",
            line: component.line,
            uid: component.first("UID")?.text,
            recurrenceID: recurrenceID,
            title: title(),
            description: describedText(),
            tags: tags(),
            priority: priority(),
            status: status,
            due: due,
            recurrence: series?.recurrence,
            reminders: reminders(times, due: due),
            refusesReminders: component.children.contains {
                $0.name == "VALARM" && $0.first("ACTION")?.value.uppercased() == "NONE"
            },
            extensions: extensions()
        )
        return CalendarEntry(
            task: task,
            series: series,
            kind: component.name,
            label: label,
            sequence: component.first("SEQUENCE").flatMap { Int($0.value) } ?? 0,
            isCancelled: isCancellation || statusText == "CANCELLED"
        )
    }

    /// The properties that only exports of ours have.
    private func extensions() -> [CalendarExtension: String] {
        var extensions: [CalendarExtension: String] = [:]
        for name in CalendarExtension.allCases {
            extensions[name] = component.first(name.propertyName)?.value
        }
        return extensions
    }

    /// Notes something about one property of the entry.
    mutating func note(_ line: ContentLine, _ message: @autoclosure () -> String) {
        notices.add(line.line, label, line.name, message())
    }

    /// STATUS in upper case; empty when absent.
    var statusText: String { component.first("STATUS")?.value.uppercased() ?? "" }

    private static let endIsNotKept =
        "A task has no end: it is due when the event begins. Alarms counted from the end are kept."

    private mutating func tallyUnkept() {
        let isToDo = component.name == "VTODO"
        var seen: Set<String> = []
        for property in component.properties {
            if Self.kept.contains(property.name)
                || isToDo && Self.keptOfToDo.contains(property.name)
            {
                if !seen.insert(property.name).inserted, !Self.repeatable.contains(property.name) {
                    note(property, "It may stand once only; the first is used.")
                }
            } else if !property.value.isEmpty, !property.name.hasPrefix(CalendarExtension.prefix) {
                let isEnd = property.name == "DTEND" || property.name == "DURATION"
                notices.tally(
                    property.line,
                    "\(component.name).\(property.name)",
                    isEnd ? Self.endIsNotKept : "Tasks have nothing like it; not kept."
                )
            }
        }
        for child in component.children where child.name != "VALARM" {
            notices.tally(
                child.line,
                "\(component.name).\(child.name)",
                "Not a component that is read."
            )
        }
    }
}
