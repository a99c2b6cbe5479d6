// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// A recurrence with the times it is counted from.
struct EntrySeries {
    /// What the calendar counts it from, and names its occurrences by.
    let start: CalendarTime
    /// By how many seconds of the clock the series was moved to fall on the due dates.
    let shift: Int64
    /// What the task counts it from.
    var due: CalendarTime { start.adding(seconds: shift) }
    let recurrence: ImportedRecurrence

    /// The occurrence of the task that the calendar names `time`, and what that took.
    func occurrence(named time: CalendarTime) -> (time: CalendarTime, message: String?) {
        let (conformed, message) = time.conformed(to: start)
        return (conformed.adding(seconds: shift), message)
    }
}

extension EntryReader {
    /// RRULE, RDATE and EXDATE (RFC 5545 §3.8.5); `nil` when the entry does not recur.
    ///
    /// A series is counted from DTSTART, but a task recurs by its due date. Where a VTODO's DUE is
    /// not its DTSTART, the whole series is moved by the distance if that keeps its meaning, and
    /// counted from DTSTART otherwise.
    mutating func series(
        _ times: EntryTimes,
        isOverride: Bool,
        status: ImportedTask.Status
    ) -> EntrySeries? {
        guard let property = component.first("RRULE") ?? component.first("RDATE") else {
            noteUseless(component.first("EXDATE") ?? component.first("EXRULE"))
            return nil
        }
        guard !isOverride else {
            note(property, "One changed occurrence of a series cannot recur itself; not kept.")
            return nil
        }
        if case .completed = status {
            note(property, "A completed task does not recur; imported once.")
            return nil
        }
        guard let due = times.due else {
            note(property, "Without a date there is nothing to recur; imported once.")
            return nil
        }
        noteOtherRules()
        let start = times.start ?? due
        let rule = rule()
        let shift = shift(of: rule, from: start, to: due, property)
        let dates = dates("RDATE", start: start, shift: shift)
        guard rule != nil || !dates.isEmpty else { return nil }
        let exceptions = self.dates("EXDATE", start: start, shift: shift)
        let recurrence = ImportedRecurrence(
            rule: rule.flatMap { reconciled($0, start: start, shift: shift) },
            dates: dates,
            exceptions: exceptions
        )
        return EntrySeries(start: start, shift: shift, recurrence: recurrence)
    }

    private mutating func noteUseless(_ exception: ContentLine?) {
        guard let exception else { return }
        note(exception, "There is no recurrence to make an exception from; not kept.")
    }

    private mutating func noteOtherRules() {
        for line in component.all("RRULE").dropFirst() {
            note(line, "A task has one rule, the first; not kept: \(quoted(line.value))")
        }
        for line in component.all("EXRULE") {
            note(line, "Exceptions by rule are not kept: \(quoted(line.value))")
        }
    }

    private mutating func rule() -> RecurrenceRule? {
        guard let line = component.first("RRULE") else { return nil }
        do {
            return try RecurrenceRule(calendarValue: line.value)
        } catch {
            note(line, "The rule \(quoted(line.value)) cannot be used; imported once. \(error)")
            return nil
        }
    }

    private mutating func reconciled(
        _ rule: RecurrenceRule,
        start: CalendarTime,
        shift: Int64
    ) -> RecurrenceRule? {
        guard let line = component.first("RRULE") else { return rule }
        do {
            let (rule, message) = try rule.reconciled(with: start, shift: shift)
            if let message { note(line, message) }
            return rule
        } catch {
            note(line, "The rule \(quoted(line.value)) cannot be used; imported once. \(error)")
            return nil
        }
    }

    private mutating func dates(
        _ name: String,
        start: CalendarTime,
        shift: Int64
    ) -> [CalendarTime] {
        var result: [CalendarTime] = []
        var seen: Set<CalendarTime> = []
        for line in component.all(name) {
            for time in times(line, limit: CalendarLimits.datesPerEntry - result.count) {
                let (conformed, message) = time.conformed(to: start)
                if let message {
                    notices.tally(line.line, "\(component.name).\(name)", message)
                }
                let moved = conformed.adding(seconds: shift)
                if seen.insert(moved).inserted { result.append(moved) }
            }
        }
        return result
    }

    /// By how many seconds of the clock the series must move so that it falls on the due dates.
    private mutating func shift(
        of rule: RecurrenceRule?,
        from start: CalendarTime,
        to due: CalendarTime,
        _ property: ContentLine
    ) -> Int64 {
        guard start != due else { return 0 }
        if let distance = due.seconds(since: start),
            rule?.canMove(by: distance, from: start) ?? true
        {
            return distance
        }
        note(
            property,
            "The series is counted from DTSTART and cannot be moved to DUE; due at DTSTART."
        )
        return 0
    }
}
