// SPDX-License-Identifier: Apache-2.0

/// The six fields of a cron expression, each as a set of bits.
///
/// Second, minute, hour, day of the month, month, day of the week, as robfig/cron and Dapr read
/// them: when days of the month and of the week are both restricted, either matches.
struct CronFields: Hashable, Sendable {
    /// Bit *n* is set when the field takes *n*.
    var seconds: UInt64 = 1
    var minutes: UInt64 = 1
    var hours: UInt64 = 1
    var days: UInt64 = Self.all(1...31)
    var months: UInt64 = Self.all(1...12)
    var weekdays: UInt64 = Self.all(0...6)
    /// Whether any day of the month, and any day of the week, was asked for by `*` or `?`.
    var takesAnyDay = true, takesAnyWeekday = true

    /// A set of all values of a range.
    static func all(_ range: ClosedRange<Int>) -> UInt64 {
        range.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// Whether a date is one of those asked for.
    private func takes(_ date: CivilDate) -> Bool {
        let parts = date.parts
        guard months.has(parts.month) else { return false }
        let isDay = days.has(parts.day)
        let isWeekday = weekdays.has((date.daysSinceEpoch + 4).flooredRemainder(by: 7))
        return takesAnyDay || takesAnyWeekday ? isDay && isWeekday : isDay || isWeekday
    }

    /// The first time on the wall from `start` on that every field takes, before `end`.
    func next(from start: CivilDateTime, before end: CivilDateTime) -> CivilDateTime? {
        var date = start.date
        var second = start.secondOfDay
        while date <= end.date {
            if takes(date), let found = timeOfDay(from: second) {
                let time = CivilDateTime(date: date, secondOfDay: found)
                return time < end ? time : nil
            }
            guard date < .max else { return nil }
            (date, second) = (date.adding(days: 1), 0)
        }
        return nil
    }

    /// The first second of a day from `start` on that the fields take.
    private func timeOfDay(from start: Int) -> Int? {
        let (hour, minute, second) = (start / 3_600, start / 60 % 60, start % 60)
        if hours.has(hour) {
            if minutes.has(minute), let second = seconds.next(from: second) {
                return hour * 3_600 + minute * 60 + second
            }
            if let minute = minutes.next(from: minute + 1), let second = seconds.next(from: 0) {
                return hour * 3_600 + minute * 60 + second
            }
        }
        guard let hour = hours.next(from: hour + 1), let minute = minutes.next(from: 0),
            let second = seconds.next(from: 0)
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }
}

extension UInt64 {
    fileprivate func has(_ bit: Int) -> Bool { self >> UInt64(bit) & 1 == 1 }

    /// The lowest bit from `bit` on that is set.
    fileprivate func next(from bit: Int) -> Int? {
        guard bit < 64 else { return nil }
        let rest = self >> UInt64(bit)
        return rest == 0 ? nil : bit + rest.trailingZeroBitCount
    }
}

extension Int {
    fileprivate func flooredRemainder(by divisor: Int) -> Int {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
