// SPDX-License-Identifier: Apache-2.0

extension CompiledRule {
    /// Compiles `rule`, taking what it does not say from `dtstart`.
    init(_ rule: RecurrenceRule, dtstart: CivilDateTime) {
        start = dtstart.secondsSinceEpoch
        days = DayRule(rule, dtstart: dtstart.date)
        times = TimeRule(rule, dtstart: dtstart)
        cycleDays = Self.cycleDays(rule)
        guard !rule.bySetPosition.isEmpty else { return }
        if rule.frequency >= .weekly {
            positions = SetPositions(rule.bySetPosition, rule.frequency)
        } else {
            times.pick(rule.bySetPosition)
        }
    }

    /// The days after which calendar and INTERVAL together repeat, at most about 10,000 years.
    private static func cycleDays(_ rule: RecurrenceRule) -> Int {
        let days = Gregorian.daysPerCycle
        let periodsPerCycle =
            switch rule.frequency {
            case .yearly: 400
            case .monthly: 4800
            case .weekly: days / 7
            case .daily: days
            case .hourly: days * 24
            case .minutely: days * 1440
            case .secondly: days * 86_400
            }
        let cycles = rule.interval / greatestCommonDivisor(rule.interval, periodsPerCycle)
        return min(cycles, 25) * days + DayRule.cycleMargin
    }
}

/// The largest number that divides both, which must not both be zero.
func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
}

extension DayRule {
    fileprivate init(_ rule: RecurrenceRule, dtstart: CivilDate) {
        let (year, month, day) = dtstart.parts
        grid =
            switch rule.frequency {
            case .secondly, .minutely, .hourly: .everyDay
            case .daily: .days(interval: rule.interval, anchor: dtstart.daysSinceEpoch)
            case .weekly:
                .weeks(interval: rule.interval, anchor: dtstart.startOfWeek(rule.weekStart))
            case .monthly: .months(interval: rule.interval, anchor: year * 12 + month - 1)
            case .yearly: .years(interval: rule.interval, anchor: year)
            }
        if !rule.byMonth.isEmpty { months = UInt64(bits: rule.byMonth.map { $0 - 1 }) }
        monthDays = UInt64(bits: rule.byMonthDay.filter { $0 > 0 })
        monthDaysFromEnd = UInt64(bits: rule.byMonthDay.filter { $0 < 0 }.map { -$0 })
        yearDays = rule.byYearDay
        weeks = UInt64(bits: rule.byWeekNumber.filter { $0 > 0 })
        weeksFromEnd = UInt64(bits: rule.byWeekNumber.filter { $0 < 0 }.map { -$0 })
        weekStart = rule.weekStart.rawValue
        skip = rule.frequency >= .monthly ? rule.skip ?? .omit : .omit
        numbersWithinYear = rule.frequency == .yearly && rule.byMonth.isEmpty
        for entry in rule.byDay { add(entry) }

        // What RFC 5545 takes from DTSTART, spelled out in RFC 8984 §4.3.3.1.
        let hasDay = !rule.byDay.isEmpty || !rule.byMonthDay.isEmpty
        switch rule.frequency {
        case .weekly where rule.byDay.isEmpty,
            .yearly where !rule.byWeekNumber.isEmpty && !hasDay && rule.byYearDay.isEmpty:
            weekdays = UInt64(bits: [dtstart.weekday.rawValue])
        case .monthly where !hasDay:
            monthDays = UInt64(bits: [day])
        case .yearly where rule.byYearDay.isEmpty && rule.byWeekNumber.isEmpty:
            if rule.byMonth.isEmpty, !rule.byMonthDay.isEmpty || rule.byDay.isEmpty {
                months = UInt64(bits: [month - 1])
            }
            if !hasDay { monthDays = UInt64(bits: [day]) }
        default: break
        }
    }

    private mutating func add(_ entry: NumberedWeekday) {
        let bit = UInt64(1) << UInt64(entry.weekday.rawValue)
        guard let number = entry.ordinal else {
            weekdays |= bit
            return
        }
        if numberedWeekdays.isEmpty {
            numberedWeekdays = Array(repeating: 0, count: 54)
            numberedWeekdaysFromEnd = numberedWeekdays
        }
        if number > 0 {
            numberedWeekdays[number] |= bit
        } else {
            numberedWeekdaysFromEnd[-number] |= bit
        }
    }
}

extension CivilDate {
    /// The first day, since the epoch, of this date's week.
    func startOfWeek(_ weekStart: Weekday) -> Int {
        daysSinceEpoch - (weekday.rawValue - weekStart.rawValue).flooredRemainder(by: 7)
    }
}

extension TimeRule {
    fileprivate init(_ rule: RecurrenceRule, dtstart: CivilDateTime) {
        func set(_ values: [Int], limiting frequency: Frequency, _ own: Int) -> UInt64 {
            guard values.isEmpty else { return UInt64(bits: values) }
            return rule.frequency <= frequency ? .max : 1 << UInt64(own)
        }
        hours = set(rule.byHour, limiting: .hourly, dtstart.hour) & .bits(from: 0, through: 23)
        minutes =
            set(rule.byMinute, limiting: .minutely, dtstart.minute) & .bits(from: 0, through: 59)
        seconds =
            set(rule.bySecond, limiting: .secondly, dtstart.second) & .bits(from: 0, through: 59)
        switch rule.frequency {
        case .secondly: period = 1
        case .minutely: period = 60
        case .hourly: period = 3600
        default: return
        }
        guard rule.interval > 1 else { return }
        interval = Int64(rule.interval) * period
        phase = dtstart.secondsSinceEpoch.flooredQuotient(by: period) * period
        keepReachable()
    }

    /// Drops the seconds, minutes and hours that the grid never meets, so that a rule that can
    /// not match is seen to be empty instead of being tried day after day.
    private mutating func keepReachable() {
        let common = [60, 3600, 86_400].map { Int64(greatestCommonDivisor(Int(interval), $0)) }
        let inMinute = period == 1 ? seconds.members : [0]
        seconds = period == 1 ? seconds.filter { ($0 - phase) % common[0] == 0 } : seconds
        let inHour = period <= 60 ? minutes.members : [0]
        if period <= 60 {
            minutes = minutes.filter { minute in
                inMinute.contains { (minute * 60 + $0 - phase) % common[1] == 0 }
            }
        }
        hours = hours.filter { hour in
            inHour.contains { minute in
                inMinute.contains { (hour * 3600 + minute * 60 + $0 - phase) % common[2] == 0 }
            }
        }
    }

    /// Keeps only the members of each day, hour, minute or second that BYSETPOS picks.
    fileprivate mutating func pick(_ positions: [Int]) {
        switch period {
        case 1:
            if !positions.contains(where: { abs($0) == 1 }) { seconds = 0 }
        case 60:
            let picked = SetPositions.indices(positions, count: seconds.nonzeroBitCount)
            seconds = UInt64(bits: picked.map { seconds.select($0) })
        default:
            // The members of any period will do: they are the same in each.
            var plain = self
            plain.interval = 0
            let hourly = period == 3600
            let total = hourly ? plain.count(inHour: 0) : plain.count(onDay: 0)
            let origin = hourly ? hours.trailingZeroBitCount * 3600 : 0
            picked = SetPositions.indices(positions, count: total)
                .map { plain.second(at: $0, onDay: 0) - origin }
        }
    }
}

extension UInt64 {
    /// The bits that are set, ascending.
    fileprivate var members: [Int64] { (0..<64).filter { contains(Int($0)) } }

    /// The bits that are set and meet `condition`.
    fileprivate func filter(_ condition: (Int64) -> Bool) -> UInt64 {
        UInt64(bits: members.filter(condition).map { Int($0) })
    }
}
