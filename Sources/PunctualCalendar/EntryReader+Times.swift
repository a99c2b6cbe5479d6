// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// The times of an entry as far as it states them.
struct EntryTimes {
    /// DTSTART.
    let start: CalendarTime?
    /// A VTODO's DUE, a VEVENT's DTEND, or DTSTART with DURATION.
    let end: CalendarTime?
    /// When the task is due.
    let due: CalendarTime?
}

extension EntryReader {
    /// DTSTART, and DTEND or DUE or what DURATION makes of DTSTART.
    mutating func times() -> EntryTimes {
        let isToDo = component.name == "VTODO"
        let start = component.first("DTSTART").flatMap { time($0) }
        let end = component.first(isToDo ? "DUE" : "DTEND").flatMap { time($0) } ?? end(from: start)
        if !isToDo, start == nil {
            notices.add(
                component.line,
                label,
                "DTSTART",
                "The event has no time that can be read; imported without a due date."
            )
        }
        return EntryTimes(start: start, end: end, due: isToDo ? end : start)
    }

    /// `start` with DURATION.
    ///
    /// Without one, an all-day event lasts one day and everything else no time (RFC 5545 §3.6.1).
    private mutating func end(from start: CalendarTime?) -> CalendarTime? {
        guard let start else { return nil }
        if let length = component.first("DURATION").flatMap({ duration($0) }) {
            return start.with(civil: length.added(to: start.civil))
        }
        if case .date = start, component.name == "VEVENT" { return start.adding(seconds: 86_400) }
        return start
    }

    /// RECURRENCE-ID: which occurrence of its series the entry replaces.
    mutating func recurrenceID() -> CalendarTime? {
        guard let line = component.first("RECURRENCE-ID") else { return nil }
        if line.parameter("RANGE") != nil {
            note(line, "RANGE=THISANDFUTURE is not kept; only this occurrence is changed.")
        }
        return time(line)
    }

    /// The one date or date-time that the property holds; noted when it cannot be read.
    mutating func time(_ line: ContentLine) -> CalendarTime? {
        time(line.value[...], of: line)
    }

    /// The dates or date-times that the property lists (RDATE, EXDATE), within the limit.
    ///
    /// Of a period (RFC 5545 §3.3.9) only the start is kept, and that is noted.
    mutating func times(_ line: ContentLine, limit: Int) -> [CalendarTime] {
        var result: [CalendarTime] = []
        for item in line.value.split(separator: ",") {
            guard result.count < limit else {
                note(line, "More than \(CalendarLimits.datesPerEntry) dates; the rest is not kept.")
                break
            }
            let parts = item.split(separator: "/", maxSplits: 1)
            if parts.count == 2 {
                notices.tally(
                    line.line,
                    "\(component.name).\(line.name)",
                    "Periods are kept as their start; their length is not."
                )
            }
            if let time = time(parts[0], of: line) { result.append(time) }
        }
        return result
    }

    /// A duration, noted when it cannot be read.
    mutating func duration(_ line: ContentLine) -> CalendarDuration? {
        do {
            return try CalendarDuration(line.value.trimmingWhitespace())
        } catch {
            note(line, "\(quoted(line.value)) is not a duration that can be read; not kept.")
            return nil
        }
    }

    private mutating func time(_ text: Substring, of line: ContentLine) -> CalendarTime? {
        guard let value = CalendarValue(text) else {
            note(line, "\(quoted(String(text))) is not a date or time that can be read; not kept.")
            return nil
        }
        let identifier = line.parameter("TZID")
        switch value {
        case .date(let date):
            return .date(date)
        case .utc(let dateTime):
            if let identifier, !["UTC", "GMT", "Etc/UTC"].contains(identifier) {
                notices.tally(
                    line.line,
                    "\(component.name).\(line.name)",
                    "A time in UTC has no other time zone; its TZID is not used."
                )
            }
            return .instant(WallInstant(utc: dateTime))
        case .local(let dateTime):
            // Outlook writes an all-day date as a midnight with VALUE=DATE.
            if line.parameter("VALUE")?.uppercased() == "DATE" { return .date(dateTime.date) }
            guard let identifier else { return .floating(dateTime) }
            let zone = zones.zone(identifier, line: line.line, &notices)
            return .local(dateTime, zoneIdentifier: zone)
        }
    }
}
