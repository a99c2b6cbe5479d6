// SPDX-License-Identifier: Apache-2.0

extension RecurrenceRule {
    /// The rule that `pattern` spells; its `exdates` and `rdates` belong to the set.
    ///
    /// Where a month may lack a day, the rule says `SKIP=BACKWARD` unless the pattern says
    /// otherwise, because that is what a pattern means.
    ///
    /// - Throws: `RecurrenceError` whose part is the key at fault, such as `by_day`.
    public init(_ pattern: RecurrencePattern) throws(RecurrenceError) {
        try pattern.refuseContradictions()
        let weekdays = try pattern.plainWeekdays()
        do throws(RecurrenceError) {
            var rule = try RecurrenceRule(
                frequency: pattern.frequency,
                interval: pattern.interval ?? 1,
                end: pattern.end,
                bySecond: pattern.bySecond ?? [],
                byMinute: pattern.byMinute ?? [],
                byHour: pattern.byHour ?? [],
                byDay: pattern.byDay ?? weekdays,
                byMonthDay: pattern.byMonthDay ?? pattern.dayOfMonth.map { [$0] } ?? [],
                byYearDay: pattern.byYearDay ?? [],
                byWeekNumber: pattern.byWeekNumber ?? [],
                byMonth: pattern.byMonth ?? pattern.month.map { [$0] } ?? [],
                bySetPosition: pattern.bySetPosition ?? [],
                weekStart: pattern.weekStart ?? .monday,
                skip: pattern.skip ?? .backward
            )
            if !rule.mayLackDays { rule.skip = nil }
            self = rule
        } catch {
            throw pattern.translated(error)
        }
    }

    /// Whether a period can lack one of the rule's days, so that SKIP has a say.
    var mayLackDays: Bool {
        guard frequency >= .monthly else { return false }
        if byMonthDay.contains(where: { abs($0) > 28 }) { return true }
        if byYearDay.contains(where: { abs($0) == 366 }) { return true }
        // DTSTART supplies the day, whatever it is.
        return byMonthDay.isEmpty && byYearDay.isEmpty && byDay.isEmpty && byWeekNumber.isEmpty
    }
}

extension RecurrencePattern {
    /// The pattern that spells `rule`, with the set's dates.
    ///
    /// A rule that leaves out days which a month lacks becomes a pattern with `"skip": "omit"`,
    /// because a pattern without it would move them.
    public init(
        _ rule: RecurrenceRule,
        exdates: [CivilDateTime] = [],
        rdates: [CivilDateTime] = []
    ) {
        func list<Value>(_ values: [Value]) -> [Value]? { values.isEmpty ? nil : values }
        self.init(frequency: rule.frequency)
        interval = rule.interval == 1 ? nil : rule.interval
        let isPlain = rule.byDay.allSatisfy { $0.ordinal == nil }
        if isPlain, rule.frequency == .weekly {
            daysOfWeek = list(rule.byDay.map(\.weekday.rawValue))
        } else {
            byDay = list(rule.byDay)
        }
        byMonthDay = list(rule.byMonthDay)
        byMonth = list(rule.byMonth)
        byYearDay = list(rule.byYearDay)
        byWeekNumber = list(rule.byWeekNumber)
        byHour = list(rule.byHour)
        byMinute = list(rule.byMinute)
        bySecond = list(rule.bySecond)
        bySetPosition = list(rule.bySetPosition)
        if byMonthDay?.count == 1 { (dayOfMonth, byMonthDay) = (byMonthDay?.first, nil) }
        if byMonth?.count == 1 { (month, byMonth) = (byMonth?.first, nil) }
        weekStart = rule.weekStart == .monday ? nil : rule.weekStart
        if rule.mayLackDays, rule.skip != .backward { skip = rule.skip ?? .omit }
        switch rule.end {
        case .never: break
        case .count(let count): occurrences = count
        case .until(let instant): endDate = .instant(instant)
        case .untilLocal(let time): endDate = .local(time)
        case .untilDate(let date): endDate = .date(date)
        }
        self.exdates = list(exdates)
        self.rdates = list(rdates)
    }
}

extension RecurrencePattern {
    /// `end_date` or `occurrences` as the end of a rule.
    fileprivate var end: RecurrenceEnd {
        switch endDate {
        case .date(let date): .untilDate(date)
        case .local(let time): .untilLocal(time)
        case .instant(let instant): .until(instant)
        case nil: occurrences.map { .count($0) } ?? .never
        }
    }

    /// `days_of_week` as BYDAY.
    fileprivate func plainWeekdays() throws(RecurrenceError) -> [NumberedWeekday] {
        var weekdays = [NumberedWeekday]()
        for number in daysOfWeek ?? [] {
            guard let weekday = Weekday(rawValue: number) else {
                throw RecurrenceError(
                    code: .outOfRange,
                    part: "days_of_week",
                    message: "weekdays run from 0, Sunday, to 6, Saturday"
                )
            }
            weekdays.append(NumberedWeekday(weekday))
        }
        return weekdays
    }

    /// Refuses two spellings of one part side by side.
    fileprivate func refuseContradictions() throws(RecurrenceError) {
        let pairs = [
            ("days_of_week", daysOfWeek != nil, "by_day", byDay != nil),
            ("day_of_month", dayOfMonth != nil, "by_month_day", byMonthDay != nil),
            ("month", month != nil, "by_month", byMonth != nil),
            ("occurrences", occurrences != nil, "end_date", endDate != nil),
        ]
        for (first, hasFirst, second, hasSecond) in pairs where hasFirst && hasSecond {
            throw RecurrenceError(
                code: .conflict,
                part: first,
                message: "give either \(first) or \(second)"
            )
        }
    }

    /// The error with the key in place of the rule's part.
    fileprivate func translated(_ error: RecurrenceError) -> RecurrenceError {
        let keys = [
            "INTERVAL": "interval", "COUNT": "occurrences", "UNTIL": "end_date",
            "BYDAY": daysOfWeek == nil ? "by_day" : "days_of_week",
            "BYMONTHDAY": dayOfMonth == nil ? "by_month_day" : "day_of_month",
            "BYMONTH": month == nil ? "by_month" : "month", "BYYEARDAY": "by_year_day",
            "BYWEEKNO": "by_week_no", "BYHOUR": "by_hour", "BYMINUTE": "by_minute",
            "BYSECOND": "by_second", "BYSETPOS": "by_set_pos", "WKST": "week_start",
            "SKIP": "skip",
        ]
        return RecurrenceError(
            code: error.code,
            part: keys[error.part] ?? error.part,
            message: error.message
        )
    }
}
