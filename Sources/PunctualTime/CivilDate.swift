// SPDX-License-Identifier: Apache-2.0

/// A date of the proleptic Gregorian calendar, in the years 1 to 9999.
///
/// It is stored as one number, days since 1970-01-01, so that comparing and counting cost
/// nothing; year, month and day are computed on demand by integer arithmetic.
public struct CivilDate: Hashable, Sendable {
    /// Days since 1970-01-01, negative before.
    public let daysSinceEpoch: Int

    /// 0001-01-01.
    public static let min = CivilDate(daysSinceEpoch: -719_162)
    /// 9999-12-31.
    public static let max = CivilDate(daysSinceEpoch: 2_932_896)

    /// The date `daysSinceEpoch` days after 1970-01-01, clamped to the years 1 to 9999.
    public init(daysSinceEpoch: Int) {
        self.daysSinceEpoch = Swift.min(Swift.max(daysSinceEpoch, -719_162), 2_932_896)
    }

    /// The date with these parts, or nil if the calendar has no such date.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Gregorian.daysInMonth(year: year, month: month)
        else { return nil }
        daysSinceEpoch = Gregorian.days(year: year, month: month, day: day)
    }

    /// The year, month (1 to 12) and day of the month (from 1).
    public var parts: (year: Int, month: Int, day: Int) { Gregorian.parts(daysSinceEpoch) }
    /// The year, 1 to 9999.
    public var year: Int { parts.year }
    /// The month, 1 to 12.
    public var month: Int { parts.month }
    /// The day of the month, from 1.
    public var day: Int { parts.day }

    /// The day of the week.
    public var weekday: Weekday {
        Weekday(rawValue: Gregorian.weekday(daysSinceEpoch)) ?? .sunday
    }

    /// The date `days` later (earlier if negative), clamped to the years 1 to 9999.
    public func adding(days: Int) -> CivilDate {
        let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
        return overflow ? (days < 0 ? .min : .max) : CivilDate(daysSinceEpoch: sum)
    }
}

extension CivilDate: Comparable {
    /// Whether `left` is the earlier date.
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }
}

extension CivilDate: CustomStringConvertible {
    /// Reads `2026-11-20` or `20261120`.
    ///
    /// - Throws: `TimeFormatError` if the text has another form or names no date.
    public init(_ text: some StringProtocol) throws(TimeFormatError) {
        var scanner = TextScanner(text, limit: 10)
        self = try scanner.date()
        guard scanner.isAtEnd else { throw .malformed("a date is written 2026-11-20") }
    }

    /// The date as `2026-11-20`.
    public var description: String {
        let (year, month, day) = parts
        return "\(String(year, width: 4))-\(String(month, width: 2))-\(String(day, width: 2))"
    }

    /// The date as `20261120`.
    public var basic: String {
        let (year, month, day) = parts
        return String(year, width: 4) + String(month, width: 2) + String(day, width: 2)
    }
}

extension TextScanner {
    /// Reads a date with hyphens or without.
    mutating func date() throws(TimeFormatError) -> CivilDate {
        guard let year = digits(4) else { throw .malformed("a date is written 2026-11-20") }
        let extended = skip("-")
        guard let month = digits(2), skip("-") == extended, let day = digits(2) else {
            throw .malformed("a date is written 2026-11-20 or 20261120")
        }
        guard let date = CivilDate(year: year, month: month, day: day) else {
            throw .outOfRange("the calendar has no such date; years run from 0001 to 9999")
        }
        return date
    }
}
