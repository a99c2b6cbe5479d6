// SPDX-License-Identifier: Apache-2.0

/// How often a rule repeats, from the shortest period to the longest (RFC 5545 FREQ).
public enum Frequency: String, CaseIterable, Hashable, Sendable {
    // One name a line would say no more.
    // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
    case secondly, minutely, hourly, daily, weekly, monthly, yearly
}

extension Frequency: Comparable {
    /// Whether `left` has the shorter period.
    public static func < (left: Frequency, right: Frequency) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .secondly: 0
        case .minutely: 1
        case .hourly: 2
        case .daily: 3
        case .weekly: 4
        case .monthly: 5
        case .yearly: 6
        }
    }
}

/// What becomes of a date that does not exist, such as February 30 (RFC 7529 SKIP).
public enum SkipPolicy: String, CaseIterable, Hashable, Sendable {
    /// It is left out.
    case omit
    /// It moves to the last date before it that exists.
    case backward
    /// It moves to the first date after it that exists.
    case forward
}

/// A weekday of a BYDAY list, perhaps counted within its month or year.
public struct NumberedWeekday: Hashable, Sendable {
    /// 1 is the first in the month or year, -1 the last; nil means every one.
    public var ordinal: Int?
    /// The day of the week.
    public var weekday: Weekday

    /// Every `weekday`, or the `ordinal`th.
    public init(_ weekday: Weekday, ordinal: Int? = nil) {
        self.ordinal = ordinal
        self.weekday = weekday
    }
}

/// Where a rule stops (RFC 5545 COUNT and UNTIL).
public enum RecurrenceEnd: Hashable, Sendable {
    /// Nowhere.
    case never
    /// After this many nominal instances.
    case count(Int)
    /// With the last instance whose instant is not after this one.
    case until(WallInstant)
    /// With the last instance whose local time is not after this one.
    case untilLocal(CivilDateTime)
    /// With the last instance on this date.
    case untilDate(CivilDate)
}

/// One RFC 5545 recurrence rule with every part, and the SKIP of RFC 7529; always valid.
///
/// Lists are kept ascending and without repetition, so equal rules compare equal. A part that is
/// empty or nil was not given and comes from DTSTART when the rule is expanded.
public struct RecurrenceRule: Hashable, Sendable {
    /// The period.
    public internal(set) var frequency: Frequency
    /// Every how many periods, from 1.
    public internal(set) var interval: Int
    /// Where the rule stops.
    public var end: RecurrenceEnd
    /// Seconds of the minute, 0 to 59; 60, a leap second, is read and never matches.
    public internal(set) var bySecond: [Int]
    /// Minutes of the hour, 0 to 59.
    public internal(set) var byMinute: [Int]
    /// Hours of the day, 0 to 23.
    public internal(set) var byHour: [Int]
    /// Weekdays, perhaps numbered.
    public internal(set) var byDay: [NumberedWeekday]
    /// Days of the month, 1 to 31 or, from its end, -1 to -31.
    public internal(set) var byMonthDay: [Int]
    /// Days of the year, 1 to 366 or, from its end, -1 to -366.
    public internal(set) var byYearDay: [Int]
    /// ISO 8601 weeks of the year, 1 to 53 or, from its end, -1 to -53.
    public internal(set) var byWeekNumber: [Int]
    /// Months, 1 to 12.
    public internal(set) var byMonth: [Int]
    /// Which members of each period's set are instances, 1 to 366 or, from its end, -1 to -366.
    public internal(set) var bySetPosition: [Int]
    /// The first day of a week.
    public internal(set) var weekStart: Weekday
    /// What becomes of dates that do not exist; nil, like `.omit`, leaves them out.
    public internal(set) var skip: SkipPolicy?

    /// A rule of these parts.
    ///
    /// - Throws: `RecurrenceError` naming the part at fault, as RFC 5545 §3.3.10 has it.
    public init(
        frequency: Frequency,
        interval: Int = 1,
        end: RecurrenceEnd = .never,
        bySecond: [Int] = [],
        byMinute: [Int] = [],
        byHour: [Int] = [],
        byDay: [NumberedWeekday] = [],
        byMonthDay: [Int] = [],
        byYearDay: [Int] = [],
        byWeekNumber: [Int] = [],
        byMonth: [Int] = [],
        bySetPosition: [Int] = [],
        weekStart: Weekday = .monday,
        skip: SkipPolicy? = nil
    ) throws(RecurrenceError) {
        self.frequency = frequency
        self.interval = interval
        self.end = end
        self.bySecond = Self.normalized(bySecond)
        self.byMinute = Self.normalized(byMinute)
        self.byHour = Self.normalized(byHour)
        self.byDay = Self.normalized(byDay)
        self.byMonthDay = Self.normalized(byMonthDay)
        self.byYearDay = Self.normalized(byYearDay)
        self.byWeekNumber = Self.normalized(byWeekNumber)
        self.byMonth = Self.normalized(byMonth)
        self.bySetPosition = Self.normalized(bySetPosition)
        self.weekStart = weekStart
        self.skip = skip
        try validate()
    }

    private static func normalized(_ list: [Int]) -> [Int] { Array(Set(list)).sorted() }

    private static func normalized(_ list: [NumberedWeekday]) -> [NumberedWeekday] {
        Array(Set(list)).sorted {
            ($0.ordinal ?? 0, $0.weekday.rawValue) < ($1.ordinal ?? 0, $1.weekday.rawValue)
        }
    }
}
