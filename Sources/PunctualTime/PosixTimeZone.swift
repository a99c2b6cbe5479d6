// SPDX-License-Identifier: Apache-2.0

/// The rule of a POSIX `TZ` string, with the extensions of RFC 9636 §3.3.1.
///
/// `CET-1CEST,M3.5.0,M10.5.0/3` says: one hour east of UTC, two from the last Sunday in March to
/// the last Sunday in October at 03:00. In Ireland summer is standard time and "daylight" time is
/// the winter, one hour less; nothing here assumes which of the two is larger.
struct PosixTimeZone: Hashable, Sendable {
    /// The day of a year on which clocks change.
    enum Day: Hashable, Sendable {
        /// Day 1 to 365, February 29 never counted: `J60` is always March 1.
        case withoutLeapDay(Int)
        /// Day 0 to 365, February 29 counted.
        case withLeapDay(Int)
        /// The `week`th (5: the last) `weekday` (0 = Sunday) of `month`.
        case nth(month: Int, week: Int, weekday: Int)
    }

    /// When clocks change: seconds after (or before) midnight of a day, on the clock then in force.
    struct Change: Hashable, Sendable {
        var day: Day
        var time: Int64
    }

    /// The part of the year with another offset.
    struct Daylight: Hashable, Sendable {
        var offset: Int64
        var start: Change
        var end: Change
    }

    /// Seconds to add to UTC in standard time.
    var standard: Int64
    /// Daylight saving time, if there is any.
    var daylight: Daylight?
}

extension PosixTimeZone {
    /// The segment that `seconds` since the Unix epoch falls in.
    ///
    /// Changes may cross a year's end, so the changes of the neighbouring years take part. Where
    /// an end and a start coincide, which is how "all year" is written, the start wins.
    func segment(at seconds: Int64) -> ZoneRules.Segment {
        var segment = ZoneRules.Segment(
            start: ZoneRules.Segment.distantPast,
            end: ZoneRules.Segment.distantFuture,
            offset: standard
        )
        guard let daylight else { return segment }
        let year = Gregorian.parts(Int((seconds + standard).flooredQuotient(by: 86_400))).year
        for year in year - 1...year + 1 {
            let end = daylight.end.local(in: year) - daylight.offset
            let start = daylight.start.local(in: year) - standard
            for (change, offset) in [(end, standard), (start, daylight.offset)] {
                if change > seconds {
                    segment.end = min(segment.end, change)
                } else if change >= segment.start {
                    segment.start = change
                    segment.offset = offset
                }
            }
        }
        return segment
    }
}

extension PosixTimeZone.Change {
    /// When clocks change in `year`, in seconds since the Unix epoch, on the clock then in force.
    func local(in year: Int) -> Int64 {
        let newYear = Gregorian.days(year: year, month: 1, day: 1)
        let days =
            switch day {
            case .withoutLeapDay(let day):
                newYear + day - (day >= 60 && Gregorian.isLeap(year) ? 0 : 1)
            case .withLeapDay(let day):
                newYear + day
            case .nth(let month, let week, let weekday):
                Self.nth(week, weekday: weekday, month: month, year: year)
            }
        return Int64(days) * 86_400 + time
    }

    private static func nth(_ week: Int, weekday: Int, month: Int, year: Int) -> Int {
        let first = Gregorian.days(year: year, month: month, day: 1)
        let index = (weekday - Gregorian.weekday(first)).flooredRemainder(by: 7) + (week - 1) * 7
        return first + (index < Gregorian.daysInMonth(year: year, month: month) ? index : index - 7)
    }
}

extension PosixTimeZone {
    /// Reads a `TZ` string; nil if it is malformed.
    ///
    /// Daylight time without rules, whose meaning POSIX leaves open, is refused.
    init?(_ text: String) {
        var scanner = TextScanner(text, limit: 128)
        guard scanner.zoneName(), let west = scanner.signedTime(hours: 24) else { return nil }
        standard = -west
        guard !scanner.isAtEnd else { return }
        guard scanner.zoneName() else { return nil }
        var offset = standard + 3600
        if scanner.next != UInt8(ascii: ",") {
            guard let west = scanner.signedTime(hours: 24) else { return nil }
            offset = -west
        }
        guard let start = scanner.change(), let end = scanner.change(), scanner.isAtEnd else {
            return nil
        }
        daylight = Daylight(offset: offset, start: start, end: end)
    }
}

extension TextScanner {
    /// Reads `CET` or `<+03>`.
    fileprivate mutating func zoneName() -> Bool {
        guard skip("<") else { return skip { ($0 | 0x20) &- 97 < 26 } >= 3 }
        return skip { $0 != UInt8(ascii: ">") } > 0 && skip(">")
    }

    /// Reads `-3`, `5:30` or `+24:59:59` with at most `hours` hours, in seconds.
    fileprivate mutating func signedTime(hours limit: Int) -> Int64? {
        let negative = skip("-")
        if !negative { _ = skip("+") }
        guard let hours = number(limit: 3), hours <= limit else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where skip(":") {
            guard let value = digits(2), value < 60 else { return nil }
            seconds += value * unit
        }
        return Int64(negative ? -seconds : seconds)
    }

    /// Reads `,M3.5.0/3`, `,J60` or `,59/-2`.
    fileprivate mutating func change() -> PosixTimeZone.Change? {
        guard skip(","), let day = changeDay() else { return nil }
        guard skip("/") else { return PosixTimeZone.Change(day: day, time: 7200) }
        guard let time = signedTime(hours: 167) else { return nil }
        return PosixTimeZone.Change(day: day, time: time)
    }

    private mutating func changeDay() -> PosixTimeZone.Day? {
        if skip("M") {
            guard let month = number(limit: 2), (1...12).contains(month), skip("."),
                let week = number(limit: 1), (1...5).contains(week), skip("."),
                let weekday = number(limit: 1), weekday < 7
            else { return nil }
            return .nth(month: month, week: week, weekday: weekday)
        }
        if skip("J") {
            guard let day = number(limit: 3), (1...365).contains(day) else { return nil }
            return .withoutLeapDay(day)
        }
        guard let day = number(limit: 3), day <= 365 else { return nil }
        return .withLeapDay(day)
    }
}
