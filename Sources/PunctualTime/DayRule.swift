// SPDX-License-Identifier: Apache-2.0

/// The days of a rule, compiled to bit sets: which days, and where to look for the next.
///
/// The unit of work is the month: a rule's days in one month are one `UInt64`, made of a few
/// shifts and masks from the month's first weekday and length. Finding the next day is then a
/// count of trailing zeros, and months, years or weeks in which nothing can match are skipped by
/// arithmetic, so the cost does not depend on how far away DTSTART is. All parts intersect.
struct DayRule {
    /// Which days, weeks, months or years INTERVAL leaves over.
    enum Grid {
        case everyDay
        /// Days a multiple of `interval` from `anchor`.
        case days(interval: Int, anchor: Int)
        /// Weeks a multiple of `interval` weeks from the one that starts on the day `anchor`.
        case weeks(interval: Int, anchor: Int)
        /// Months a multiple of `interval` from the month `anchor`.
        case months(interval: Int, anchor: Int)
        /// Years a multiple of `interval` from the year `anchor`.
        case years(interval: Int, anchor: Int)
    }

    /// Without a grid the days repeat after so many; SKIP may add one at either end.
    static let cycleDays = Gregorian.daysPerCycle + cycleMargin
    static let cycleMargin = 62

    var grid: Grid
    /// BYMONTH; bit 0 is January.
    var months: UInt64 = 0xfff
    /// BYMONTHDAY from the start and from the end, bits 1 to 31; both empty when not given.
    var monthDays: UInt64 = 0
    var monthDaysFromEnd: UInt64 = 0
    /// BYYEARDAY, ascending; empty when not given.
    var yearDays: [Int] = []
    /// BYWEEKNO from the start and from the end, bits 1 to 53; both empty when not given.
    var weeks: UInt64 = 0
    var weeksFromEnd: UInt64 = 0
    /// The plain weekdays of BYDAY, bit 0 is Sunday.
    var weekdays: UInt64 = 0
    /// The numbered weekdays of BYDAY: at index n the set of the nth ones; empty if there are none.
    var numberedWeekdays: [UInt64] = []
    var numberedWeekdaysFromEnd: [UInt64] = []
    /// Whether weekdays are numbered within the year rather than the month.
    var numbersWithinYear = false
    /// The first day of a week, 0 = Sunday.
    var weekStart = 1
    var skip = SkipPolicy.omit

    /// Whether SKIP can move a date out of its month.
    var spills: Bool {
        switch skip {
        case .omit: false
        case .backward: monthDaysFromEnd >> 29 != 0 || yearDays.first == -366
        case .forward: monthDays >> 29 != 0 || yearDays.last == 366
        }
    }
}

// MARK: - Finding days

extension DayRule {
    /// The first day of the rule not before `day` and not after `limit`.
    func next(from day: Int, through limit: Int) -> Int? {
        var month = CalendarMonth(containing: day)
        var days = self.days(in: month).from(day - month.firstDay + 1)
        while days == 0 {
            let index = nextMonth(from: month.index + 1, through: limit)
            month = CalendarMonth(index: index)
            guard month.firstDay <= limit else { return nil }
            days = self.days(in: month)
        }
        let next = month.firstDay + days.trailingZeroBitCount - 1
        return next <= limit ? next : nil
    }

    /// The rule's days that lie in `month`, whichever month they come from.
    func days(in month: CalendarMonth) -> UInt64 {
        guard spills else { return ownDays(of: month) }
        let before = CalendarMonth(index: month.index - 1)
        let after = CalendarMonth(index: month.index + 1)
        let moved = (ownDays(of: before) >> UInt64(before.length + 1) & 1) << 1
        let movedBack = (ownDays(of: after) & 1) << UInt64(month.length)
        return ownDays(of: month) & month.allDays | moved | movedBack
    }

    /// The first month, from `index` on, in which the rule may have a day.
    ///
    /// Anything after the month of the day `limit` says that there is none.
    func nextMonth(from index: Int, through limit: Int) -> Int {
        let last = CalendarMonth(containing: limit).index + 1
        let own = nextOwnMonth(from: index, through: last)
        guard spills else { return own }
        return skip == .forward
            ? min(own, nextOwnMonth(from: index - 1, through: last) + 1)
            : min(own, nextOwnMonth(from: index + 1, through: last) - 1)
    }

    /// The first month from `start` on from which the rule may derive a day.
    func nextOwnMonth(from start: Int, through last: Int) -> Int {
        var index = start
        while index <= last {
            index = nextOnGrid(from: index)
            let month = index.flooredRemainder(by: 12)
            if months.contains(month) { return index }
            let later = months.from(month)
            if case .months = grid {
                index += 1
            } else {
                index +=
                    later == 0
                    ? 12 - month + months.trailingZeroBitCount
                    : later.trailingZeroBitCount - month
            }
        }
        return index
    }

    /// The first month from `index` on that the grid touches.
    private func nextOnGrid(from index: Int) -> Int {
        switch grid {
        case .everyDay: return index
        case .months(let interval, let anchor):
            return index + (anchor - index).flooredRemainder(by: interval)
        case .years(let interval, let anchor):
            let year = index.flooredQuotient(by: 12)
            let years = (anchor - year).flooredRemainder(by: interval)
            return years == 0 ? index : (year + years) * 12
        case .days(let interval, let anchor):
            guard interval > 31 else { return index }
            let first = CalendarMonth(index: index).firstDay
            let day = first + (anchor - first).flooredRemainder(by: interval)
            return CalendarMonth(containing: day).index
        case .weeks(let interval, let anchor):
            guard interval > 5 else { return index }
            // A week that started before the month may still reach into it.
            let first = CalendarMonth(index: index).firstDay
            let week = first - 6 + (anchor - first + 6).flooredRemainder(by: interval * 7)
            return CalendarMonth(containing: max(week, first)).index
        }
    }
}
