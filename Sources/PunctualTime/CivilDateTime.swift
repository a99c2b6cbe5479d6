// SPDX-License-Identifier: Apache-2.0

/// A date and a time of day in whole seconds as a clock on the wall shows them, without a zone.
///
/// Like `CivilDate` it is stored as one number, so that comparing and counting cost nothing.
public struct CivilDateTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00, counted as if this were UTC.
    public let secondsSinceEpoch: Int64

    /// 0001-01-01T00:00:00.
    public static let min = CivilDateTime(secondsSinceEpoch: .min)
    /// 9999-12-31T23:59:59.
    public static let max = CivilDateTime(secondsSinceEpoch: .max)

    /// The time `secondsSinceEpoch` after 1970-01-01T00:00:00, clamped to the years 1 to 9999.
    public init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = Swift.min(
            Swift.max(secondsSinceEpoch, -62_135_596_800),
            253_402_300_799
        )
    }

    /// The time `secondOfDay` seconds, clamped to `0..<86400`, after midnight on `date`.
    public init(date: CivilDate, secondOfDay: Int = 0) {
        secondsSinceEpoch =
            Int64(date.daysSinceEpoch) * 86_400
            + Int64(Swift.min(Swift.max(secondOfDay, 0), 86_399))
    }

    /// The time with these parts, or nil if there is no such date or time of day.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard let date = CivilDate(year: year, month: month, day: day),
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second)
        else { return nil }
        self.init(date: date, secondOfDay: hour * 3600 + minute * 60 + second)
    }

    /// The date.
    public var date: CivilDate {
        CivilDate(daysSinceEpoch: Int(secondsSinceEpoch.flooredQuotient(by: 86_400)))
    }
    /// Seconds since midnight, `0..<86400`.
    public var secondOfDay: Int { Int(secondsSinceEpoch.flooredRemainder(by: 86_400)) }
    /// The hour, 0 to 23.
    public var hour: Int { secondOfDay / 3600 }
    /// The minute, 0 to 59.
    public var minute: Int { secondOfDay / 60 % 60 }
    /// The second, 0 to 59.
    public var second: Int { secondOfDay % 60 }

    /// The time `seconds` later (earlier if negative), clamped to the years 1 to 9999.
    public func adding(seconds: Int64) -> CivilDateTime {
        let (sum, overflow) = secondsSinceEpoch.addingReportingOverflow(seconds)
        return overflow ? (seconds < 0 ? .min : .max) : CivilDateTime(secondsSinceEpoch: sum)
    }
}

extension CivilDateTime: Comparable {
    /// Whether `left` is the earlier time on the wall.
    public static func < (left: CivilDateTime, right: CivilDateTime) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }
}

extension CivilDateTime: CustomStringConvertible {
    /// Reads `2026-11-20T09:00:00` or `20261120T090000`; there is no zone and no fraction.
    ///
    /// - Throws: `TimeFormatError` if the text has another form or names no time.
    public init(_ text: some StringProtocol) throws(TimeFormatError) {
        var scanner = TextScanner(text, limit: 19)
        self = try scanner.dateTime()
        guard scanner.isAtEnd else {
            throw .malformed("a local date-time is written 2026-11-20T09:00:00, without a zone")
        }
    }

    /// The time as `2026-11-20T09:00:00`.
    public var description: String {
        "\(date)T\(String(hour, width: 2)):\(String(minute, width: 2)):\(String(second, width: 2))"
    }

    /// The time as `20261120T090000`, the form of iCalendar.
    public var basic: String {
        "\(date.basic)T" + String(hour, width: 2) + String(minute, width: 2)
            + String(second, width: 2)
    }
}

extension TextScanner {
    /// Reads a date, `T` and a time of day, all with separators or all without.
    mutating func dateTime() throws(TimeFormatError) -> CivilDateTime {
        let date = try date()
        let extended = position == 10
        guard skip("T") || skip("t"), let hour = digits(2), skip(":") == extended,
            let minute = digits(2), skip(":") == extended, let second = digits(2)
        else { throw .malformed("a date-time is written 2026-11-20T09:00:00") }
        if second == 60 {
            throw .outOfRange("leap seconds do not exist here; write second 59 or the next minute")
        }
        guard hour < 24, minute < 60, second < 60 else {
            throw .outOfRange("a time of day runs from 00:00:00 to 23:59:59")
        }
        return CivilDateTime(date: date, secondOfDay: hour * 3600 + minute * 60 + second)
    }
}
