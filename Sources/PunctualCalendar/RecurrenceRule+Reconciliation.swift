// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension RecurrenceRule {
    /// Reads the value of an RRULE line, in which some producers leave spaces and empty parts.
    init(calendarValue value: String) throws(RecurrenceError) {
        let parts = value.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
        try self.init(parts.filter { !$0.isEmpty }.joined(separator: ";"))
    }

    /// The rule with an UNTIL of the kind that suits `start`, and everything moved by `shift`
    /// seconds of the clock.
    ///
    /// RFC 5545 §3.3.10 wants a date beside a date, a local time beside a floating one and UTC
    /// beside any other. Producers do otherwise, and are read as most programs read them.
    ///
    /// - Returns: the rule, and what to tell the user when the meaning may have changed.
    func reconciled(
        with start: CalendarTime,
        shift: Int64
    ) throws(RecurrenceError) -> (rule: RecurrenceRule, message: String?) {
        let (end, message) = end.reconciled(with: start)
        let rule = try RecurrenceRule(
            frequency: frequency,
            interval: interval,
            end: end.moved(by: shift),
            bySecond: bySecond,
            byMinute: byMinute,
            byHour: byHour,
            byDay: byDay,
            byMonthDay: byMonthDay,
            byYearDay: byYearDay,
            byWeekNumber: byWeekNumber,
            byMonth: byMonth,
            bySetPosition: bySetPosition,
            weekStart: weekStart,
            skip: skip
        )
        return (rule, message)
    }

    /// Whether the rule means the same when every occurrence is moved by `seconds`.
    ///
    /// A move within the day leaves every part that speaks of days as it is. A longer one needs a
    /// rule without such parts, and a distance that is the same in every month or year.
    func canMove(by seconds: Int64, from start: CalendarTime) -> Bool {
        guard byHour.isEmpty, byMinute.isEmpty, bySecond.isEmpty else { return false }
        let first = start.civil.date
        let moved = start.adding(seconds: seconds).civil.date
        if first == moved, frequency >= .daily { return true }
        guard byDay.isEmpty, byMonthDay.isEmpty, byYearDay.isEmpty, byWeekNumber.isEmpty,
            byMonth.isEmpty, bySetPosition.isEmpty
        else { return false }
        switch frequency {
        case .monthly:
            return first.year == moved.year && first.month == moved.month
                && max(first.day, moved.day) <= 28
        case .yearly:
            // From March to December every year is alike.
            return first.year == moved.year && min(first.month, moved.month) >= 3
        default: return true
        }
    }
}

extension RecurrenceEnd {
    fileprivate func reconciled(
        with start: CalendarTime
    ) -> (end: RecurrenceEnd, message: String?) {
        switch (self, start) {
        case (.until(let instant), .date):
            return (.untilDate(CalendarTime.instant(instant).civil.date), Self.onlyDate)
        case (.untilLocal(let civil), .date):
            return (.untilDate(civil.date), Self.onlyDate)
        case (.until(let instant), .floating):
            let civil = CalendarTime.instant(instant).civil
            return (.untilLocal(civil), "UNTIL is in UTC; read without a zone, like DTSTART.")
        case (.untilLocal, .local), (.untilLocal, .instant):
            return (self, "UNTIL should be in UTC; read in the zone of DTSTART.")
        case (.untilDate, .local), (.untilDate, .instant), (.untilDate, .floating):
            return (self, "UNTIL is a date; that whole day, in the zone of DTSTART, is included.")
        default:
            return (self, nil)
        }
    }

    private static let onlyDate = "Of UNTIL only the date counts in an all-day series."

    fileprivate func moved(by seconds: Int64) -> RecurrenceEnd {
        guard seconds != 0 else { return self }
        switch self {
        case .never, .count:
            return self
        case .until(let instant):
            return .until(instant.adding(microseconds: seconds * 1_000_000))
        case .untilLocal(let civil):
            return .untilLocal(civil.adding(seconds: seconds))
        case .untilDate(let date):
            let end = CivilDateTime(date: date, secondOfDay: 86_399)
            return .untilLocal(end.adding(seconds: seconds))
        }
    }
}
