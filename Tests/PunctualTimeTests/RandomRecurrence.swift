// SPDX-License-Identifier: Apache-2.0

import PunctualTime

/// Random rules and sets, valid and varied, that a slow oracle can still follow.
struct RandomRecurrence {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A DTSTART between 1990 and 2030, often at a month's end or at a night's clock change.
    mutating func dtstart() -> CivilDateTime {
        let year = Int.random(in: 1990...2030, using: &generator)
        let month = Int.random(in: 1...12, using: &generator)
        let day = generator.pick([1, 15, 28, 29, 30, 31])
        let hour = generator.pick([0, 1, 2, 3, 9, 23])
        let minute = generator.pick([0, 30, 59])
        let first = CivilDateTime(year: year, month: month, day: 1, hour: hour, minute: minute)
        return CivilDateTime(
            year: year,
            month: month,
            day: day,
            hour: hour,
            minute: minute,
            second: generator.pick([0, 0, 59])
        ) ?? first ?? .min
    }

    /// A rule of any shape that the RFC allows.
    mutating func rule() -> RecurrenceRule {
        while true {
            if let rule = try? attempt() { return rule }
        }
    }

    private mutating func attempt() throws(RecurrenceError) -> RecurrenceRule {
        let frequency = generator.pick(Frequency.allCases)
        let intervals =
            frequency < .daily ? [1, 2, 3, 7, 15, 24, 25, 61, 90, 1441] : [1, 2, 3, 5, 13]
        let end =
            generator.chance(30) ? RecurrenceEnd.count(generator.pick([1, 2, 7, 40])) : .never
        let weekdays = generator.sample(Weekday.allCases, upTo: 4).map { NumberedWeekday($0) }
        let numbered = weekdays.map { weekday in
            let limit = frequency == .monthly ? 5 : generator.pick([5, 53])
            let ordinal = Int.random(in: 1...limit, using: &generator)
            return NumberedWeekday(
                weekday.weekday,
                ordinal: generator.pick([ordinal, -ordinal])
            )
        }
        let days = generator.pick([weekdays, numbered, weekdays + numbered])
        return try RecurrenceRule(
            frequency: frequency,
            interval: generator.chance(50) ? 1 : generator.pick(intervals),
            end: end,
            bySecond: maybe(15, Array(0...60), 4),
            byMinute: maybe(20, Array(0..<60), 4),
            byHour: maybe(25, Array(0..<24), 5),
            byDay: generator.chance(40) ? days : [],
            byMonthDay: maybe(30, Array(-31 ... -1) + Array(1...31) + [29, 30, 31, -31], 6),
            byYearDay: maybe(12, Array(-366 ... -1) + Array(1...366) + [366, -366], 8),
            byWeekNumber: maybe(12, Array(-53 ... -1) + Array(1...53), 6),
            byMonth: maybe(25, Array(1...12), 5),
            bySetPosition: maybe(20, [1, 2, 3, 5, 10, -1, -2, -4], 3),
            weekStart: generator.chance(30) ? generator.pick(Weekday.allCases) : .monday,
            skip: generator.chance(30) ? generator.pick(SkipPolicy.allCases) : nil
        )
    }

    private mutating func maybe(_ percent: Int, _ values: [Int], _ count: Int) -> [Int] {
        generator.chance(percent) ? generator.sample(values, upTo: count) : []
    }

    /// How far the oracle can follow a rule that starts at `dtstart`.
    func horizon(of rule: RecurrenceRule, from dtstart: CivilDateTime) -> CivilDateTime {
        let days: Int64 =
            switch rule.frequency {
            case .yearly: 365 * 4
            case .monthly: 500
            case .weekly, .daily: 150
            case .hourly: 30
            case .minutely: 1
            case .secondly: 1
            }
        let interval = Int64(
            rule.frequency < .daily ? min(rule.interval, 24) : min(rule.interval, 3)
        )
        return dtstart.adding(
            seconds: days * interval * (rule.frequency == .secondly ? 1200 : 86_400)
        )
    }
}
