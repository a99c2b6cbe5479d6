// SPDX-License-Identifier: Apache-2.0

extension DayRule {
    /// The days that the rule derives from `month`, as a set that may spill over by one day.
    func ownDays(of month: CalendarMonth) -> UInt64 {
        guard isOnGrid(month) else { return 0 }
        var days = month.allDays
        if monthDays | monthDaysFromEnd != 0 { days = daysOfMonth(month) }
        if !yearDays.isEmpty {
            let yearDays = daysOfYear(month)
            days = monthDays | monthDaysFromEnd == 0 ? yearDays : days & yearDays
        }
        guard days != 0 else { return 0 }
        let inside = days & month.allDays & filter(month)
        return days & ~month.allDays == 0 ? inside : inside | filteredSpill(of: days, month)
    }

    private func isOnGrid(_ month: CalendarMonth) -> Bool {
        guard months.contains(month.monthOfYear) else { return false }
        return switch grid {
        case .everyDay, .days, .weeks: true
        case .months(let interval, let anchor):
            month.index >= anchor && (month.index - anchor) % interval == 0
        case .years(let interval, let anchor):
            month.year >= anchor && (month.year - anchor) % interval == 0
        }
    }

    /// BYMONTHDAY, with SKIP for the days that the month lacks.
    private func daysOfMonth(_ month: CalendarMonth) -> UInt64 {
        let length = UInt64(month.length)
        var days = monthDays & month.allDays
        var fromEnd = monthDaysFromEnd & month.allDays
        while fromEnd != 0 { days |= 1 << (length + 1 - UInt64(fromEnd.removeFirst())) }
        if skip != .omit {
            let lacking = skip == .backward ? length : length + 1
            if monthDays & ~month.allDays != 0 { days |= 1 << lacking }
            if monthDaysFromEnd & ~month.allDays != 0 { days |= skip == .backward ? 1 : 2 }
        }
        return days
    }

    /// BYYEARDAY, with SKIP for day 366 of a year without it.
    private func daysOfYear(_ month: CalendarMonth) -> UInt64 {
        let length = Gregorian.daysInYear(month.year)
        let before = month.daysBefore
        var days: UInt64 = 0
        for yearDay in yearDays {
            var day = yearDay > 0 ? yearDay : length + 1 + yearDay
            if day > length || day < 1 {
                switch skip {
                case .omit: continue
                case .backward: day = yearDay > 0 ? length : 0
                case .forward: day = yearDay > 0 ? length + 1 : 1
                }
            }
            let isOutside = day == 0 || day == length + 1
            let position = day - before
            guard
                (1...month.length).contains(position)
                    || isOutside && (position == 0 || position == month.length + 1)
            else { continue }
            days |= 1 << UInt64(position)
        }
        return days
    }

    /// The days of `month` that BYDAY, BYWEEKNO and INTERVAL let pass; may exceed the month.
    private func filter(_ month: CalendarMonth) -> UInt64 {
        var days = UInt64.max
        if weekdays != 0 || !numberedWeekdays.isEmpty {
            days = month.days(on: weekdays)
            if !numberedWeekdays.isEmpty { days |= numberedDays(month) }
        }
        if weeks | weeksFromEnd != 0 { days &= daysOfWeeks(month) }
        switch grid {
        case .days(let interval, let anchor) where interval > 1:
            days &= daysOnGrid(month, interval: interval, anchor: anchor, width: 1)
        case .weeks(let interval, let anchor) where interval > 1:
            days &= daysOnGrid(month, interval: interval * 7, anchor: anchor, width: 7)
        default: break
        }
        return days
    }

    /// Filters the dates that SKIP moved out of `month` by the months they moved to.
    private func filteredSpill(of days: UInt64, _ month: CalendarMonth) -> UInt64 {
        let before = CalendarMonth(index: month.index - 1)
        let after = CalendarMonth(index: month.index + 1)
        let back = days & filter(before) >> UInt64(before.length) & 1
        let end = UInt64(month.length + 1)
        return back | days & (filter(after) >> 1 & 1) << end
    }

    /// The numbered weekdays.
    ///
    /// The nth of a weekday in a year or month always lies in the nth
    /// block of seven days from its start, whatever the weekday.
    private func numberedDays(_ month: CalendarMonth) -> UInt64 {
        let before = numbersWithinYear ? month.daysBefore : 0
        let length = numbersWithinYear ? Gregorian.daysInYear(month.year) : month.length
        let after = length - before - month.length
        var days: UInt64 = 0
        for number in before / 7 + 1...(before + month.length - 1) / 7 + 1 {
            let first = 7 * (number - 1) - before + 1
            let block = month.days(on: numberedWeekdays[number])
            days |= block & .bits(from: first, through: first + 6)
        }
        for number in after / 7 + 1...(after + month.length - 1) / 7 + 1 {
            let last = month.length + after - 7 * (number - 1)
            let block = month.days(on: numberedWeekdaysFromEnd[number])
            days |= block & .bits(from: last - 6, through: last)
        }
        return days
    }

    /// The days in the weeks of BYWEEKNO.
    ///
    /// A week belongs to the year that has its fourth day, and
    /// its number counts such days.
    private func daysOfWeeks(_ month: CalendarMonth) -> UInt64 {
        var days: UInt64 = 0
        var position = 1 - (month.firstWeekday - weekStart).flooredRemainder(by: 7)
        while position <= month.length {
            var fourthDay = month.daysBefore + position + 2
            var length = Gregorian.daysInYear(month.year)
            if fourthDay < 0 {
                length = Gregorian.daysInYear(month.year - 1)
                fourthDay += length
            } else if fourthDay >= length {
                fourthDay -= length
                length = Gregorian.daysInYear(month.year + 1)
            }
            if weeks.contains(fourthDay / 7 + 1)
                || weeksFromEnd.contains((length - 1 - fourthDay) / 7 + 1)
            {
                days |= .bits(from: position, through: position + 6)
            }
            position += 7
        }
        return days
    }

    /// Runs of `width` days, one every `interval` days from `anchor`.
    private func daysOnGrid(
        _ month: CalendarMonth,
        interval: Int,
        anchor: Int,
        width: Int
    ) -> UInt64 {
        var position = 1 + (anchor - month.firstDay).flooredRemainder(by: interval)
        var days = UInt64.bits(
            from: max(position - interval, 1),
            through: position - interval + width - 1
        )
        while position <= month.length {
            days |= .bits(from: position, through: position + width - 1)
            position += interval
        }
        return days
    }
}
