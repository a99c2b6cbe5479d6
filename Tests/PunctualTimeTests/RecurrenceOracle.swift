// SPDX-License-Identifier: Apache-2.0

import PunctualTime

/// RFC 5545 read aloud, slow and meant to be obviously right.
///
/// It walks through every period, tries every day and time in it, and keeps what every part of the
/// rule lets pass.
struct RecurrenceOracle {
    let rule: RecurrenceRule
    let dtstart: CivilDateTime

    /// The nominal instances of the rule up to `horizon`, ascending; UNTIL is left to the caller.
    func instances(until horizon: CivilDateTime) -> [CivilDateTime] {
        var found = Set<CivilDateTime>()
        // SKIP may move a date back out of a period that starts after the horizon.
        let last = horizon.adding(seconds: 86_400)
        for index in 0... {
            guard let period = period(index), period.start <= last else { break }
            let members = members(of: period)
            if rule.bySetPosition.isEmpty {
                found.formUnion(members)
            } else {
                for position in rule.bySetPosition {
                    let index = position > 0 ? position - 1 : members.count + position
                    if members.indices.contains(index) { found.insert(members[index]) }
                }
            }
        }
        let instances = found.filter { $0 >= dtstart && $0 <= horizon }.sorted()
        if case .count(let count) = rule.end { return Array(instances.prefix(count)) }
        return instances
    }

    private struct Period {
        var start: CivilDateTime
        var dates: [CivilDate]
    }

    /// The period `index` intervals after the one DTSTART lies in; nil beyond the calendar.
    private func period(_ index: Int) -> Period? {
        let step = index * rule.interval
        let (year, month, _) = dtstart.date.parts
        switch rule.frequency {
        case .yearly:
            guard let first = CivilDate(year: year + step, month: 1, day: 1) else { return nil }
            let days = (0..<366).map { first.adding(days: $0) }.filter { $0.year == first.year }
            return Period(start: CivilDateTime(date: first), dates: days)
        case .monthly:
            let months = year * 12 + month - 1 + step
            guard let first = CivilDate(year: months / 12, month: months % 12 + 1, day: 1)
            else { return nil }
            let days = (0..<31).map { first.adding(days: $0) }.filter { $0.month == first.month }
            return Period(start: CivilDateTime(date: first), dates: days)
        case .weekly:
            var first = dtstart.date
            while first.weekday != rule.weekStart { first = first.adding(days: -1) }
            first = first.adding(days: step * 7)
            return Period(
                start: CivilDateTime(date: first),
                dates: (0..<7).map { first.adding(days: $0) }
            )
        case .daily:
            let date = dtstart.date.adding(days: step)
            return Period(start: CivilDateTime(date: date), dates: [date])
        case .hourly, .minutely, .secondly:
            let seconds = length * Int64(step)
            let first = dtstart.adding(seconds: -(dtstart.secondsSinceEpoch % length) + seconds)
            return Period(start: first, dates: [first.date])
        }
    }

    /// The seconds of a period shorter than a day.
    private var length: Int64 {
        switch rule.frequency {
        case .hourly: 3600
        case .minutely: 60
        default: 1
        }
    }

    private func members(of period: Period) -> [CivilDateTime] {
        let start = period.start
        func values(
            _ list: [Int],
            _ part: Frequency,
            _ of: (CivilDateTime) -> Int
        ) -> [Int] {
            // Below a day the period fixes what it does not contain.
            if rule.frequency <= part {
                return list.isEmpty || list.contains(of(start)) ? [of(start)] : []
            }
            if !list.isEmpty { return list.sorted() }
            return [of(dtstart)]
        }
        let hours = values(rule.byHour, .hourly, \.hour)
        let minutes = values(rule.byMinute, .minutely, \.minute)
        let seconds = values(rule.bySecond, .secondly, \.second)
        guard !hours.isEmpty, !minutes.isEmpty, !seconds.isEmpty else { return [] }
        let dates = dates(of: period).sorted()
        var members = [CivilDateTime]()
        for date in dates {
            for hour in hours {
                for minute in minutes {
                    for second in seconds where second < 60 {
                        members.append(
                            CivilDateTime(
                                date: date,
                                secondOfDay: hour * 3600 + minute * 60 + second
                            )
                        )
                    }
                }
            }
        }
        return members
    }
}

// MARK: - Days

extension RecurrenceOracle {
    /// What RFC 8984 §4.3.3.1 makes of parts that are missing.
    private var effective: (months: [Int], monthDays: [Int], weekdays: [NumberedWeekday]) {
        var months = rule.byMonth
        var monthDays = rule.byMonthDay
        var weekdays = rule.byDay
        let own = NumberedWeekday(dtstart.date.weekday)
        switch rule.frequency {
        case .weekly:
            if weekdays.isEmpty { weekdays = [own] }
        case .monthly:
            if weekdays.isEmpty && monthDays.isEmpty { monthDays = [dtstart.date.day] }
        case .yearly where rule.byYearDay.isEmpty:
            if rule.byWeekNumber.isEmpty {
                if months.isEmpty && (!monthDays.isEmpty || weekdays.isEmpty) {
                    months = [dtstart.date.month]
                }
                if monthDays.isEmpty && weekdays.isEmpty { monthDays = [dtstart.date.day] }
            } else if monthDays.isEmpty && weekdays.isEmpty {
                weekdays = [own]
            }
        default: break
        }
        return (months, monthDays, weekdays)
    }

    private func dates(of period: Period) -> Set<CivilDate> {
        let (months, monthDays, weekdays) = effective
        let inMonths = period.dates.filter { months.isEmpty || months.contains($0.month) }
        var dates = Set(inMonths)
        if !monthDays.isEmpty { dates = self.monthDays(monthDays, inMonths) }
        if !rule.byYearDay.isEmpty {
            let yearDays = self.yearDays(inMonths)
            dates = monthDays.isEmpty ? yearDays : dates.intersection(yearDays)
        }
        return dates.filter { date in
            let isWeek = weekNumbers(date).contains { rule.byWeekNumber.contains($0) }
            let isWeekday = weekdays.contains { matches($0, date) }
            return (rule.byWeekNumber.isEmpty || isWeek) && (weekdays.isEmpty || isWeekday)
        }
    }

    private var skip: SkipPolicy {
        rule.frequency >= .monthly ? rule.skip ?? .omit : .omit
    }

    /// BYMONTHDAY in the months of `dates`.
    private func monthDays(_ list: [Int], _ dates: [CivilDate]) -> Set<CivilDate> {
        var found = Set<CivilDate>()
        for date in dates {
            let first = date.adding(days: 1 - date.day)
            let length = (27...30).last { first.adding(days: $0).month == date.month }.map {
                $0 + 1
            }
            for number in list {
                guard let length else { continue }
                let day = number > 0 ? number : length + 1 + number
                if day == date.day { found.insert(date) }
                // Days that the month lacks are found once, on its first day.
                guard date == first, !(1...length).contains(day) else { continue }
                let before = number > 0 ? length - 1 : -1
                if skip == .backward { found.insert(first.adding(days: before)) }
                if skip == .forward { found.insert(first.adding(days: before + 1)) }
            }
        }
        return found
    }

    /// BYYEARDAY in the year of `dates`; day 366 belongs to December and day -366 to January.
    private func yearDays(_ dates: [CivilDate]) -> Set<CivilDate> {
        var found = Set<CivilDate>()
        for date in dates {
            guard let first = CivilDate(year: date.year, month: 1, day: 1),
                let last = CivilDate(year: date.year, month: 12, day: 31)
            else { continue }
            let number = date.daysSinceEpoch - first.daysSinceEpoch + 1
            let fromEnd = date.daysSinceEpoch - last.daysSinceEpoch - 1
            if rule.byYearDay.contains(where: { $0 == number || $0 == fromEnd }) {
                found.insert(date)
            }
            guard last.daysSinceEpoch - first.daysSinceEpoch == 364 else { continue }
            let step = skip == .forward ? 1 : 0
            if skip != .omit, date == last, rule.byYearDay.contains(366) {
                found.insert(last.adding(days: step))
            }
            if skip != .omit, date == first, rule.byYearDay.contains(-366) {
                found.insert(first.adding(days: step - 1))
            }
        }
        return found
    }

    private func matches(_ entry: NumberedWeekday, _ date: CivilDate) -> Bool {
        guard date.weekday == entry.weekday else { return false }
        guard let ordinal = entry.ordinal else { return true }
        let inYear = rule.frequency == .yearly && rule.byMonth.isEmpty
        func isInside(_ other: CivilDate) -> Bool {
            other.year == date.year && (inYear || other.month == date.month)
        }
        let sign = ordinal > 0 ? -1 : 1
        let count = (1...54).prefix { isInside(date.adding(days: sign * 7 * $0)) }.count + 1
        return count == abs(ordinal)
    }

    /// The number of the week that `date` lies in, counted from both ends of the week's year.
    private func weekNumbers(_ date: CivilDate) -> [Int] {
        guard !rule.byWeekNumber.isEmpty else { return [] }
        var start = date
        while start.weekday != rule.weekStart { start = start.adding(days: -1) }
        func year(ofWeek start: CivilDate) -> Int { start.adding(days: 3).year }
        func count(_ sign: Int) -> Int {
            (0...53).prefix {
                year(ofWeek: start.adding(days: sign * 7 * $0)) == year(ofWeek: start)
            }.count
        }
        return [count(-1), -count(1)]
    }
}
