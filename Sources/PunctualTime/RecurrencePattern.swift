// SPDX-License-Identifier: Apache-2.0

/// The `recurrence_pattern` spelling of a recurrence: a JSON object in snake_case.
///
/// It says what RRULE text says, with one difference: a day that a month lacks means the month's
/// last day unless `skip` is `omit`, so that a task due on the 31st comes on February 28.
/// The short strings `"daily"`, `"weekly"`, `"monthly"` and `"yearly"` stand for a whole pattern.
/// A decoded pattern has the right keys and types; `RecurrenceRule(_:)` checks its values.
public struct RecurrencePattern: Hashable, Sendable {
    /// The period.
    public var frequency: Frequency
    /// Every how many periods; nil means 1.
    public var interval: Int?
    /// Weekdays, 0 = Sunday to 6; another spelling of `byDay`.
    public var daysOfWeek: [Int]?
    /// One day of the month, 1 to 31 or, from its end, -1 to -31; another spelling of `byMonthDay`.
    public var dayOfMonth: Int?
    /// One month, 1 to 12; another spelling of `byMonth`.
    public var month: Int?
    /// The last day or the last time, inclusive.
    public var endDate: EndDate?
    /// After how many nominal instances the series stops.
    public var occurrences: Int?
    /// Weekdays as in BYDAY, perhaps numbered.
    public var byDay: [NumberedWeekday]?
    /// Days of the month.
    public var byMonthDay: [Int]?
    /// Months.
    public var byMonth: [Int]?
    /// Days of the year.
    public var byYearDay: [Int]?
    /// ISO 8601 weeks of the year.
    public var byWeekNumber: [Int]?
    /// Hours of the day.
    public var byHour: [Int]?
    /// Minutes of the hour.
    public var byMinute: [Int]?
    /// Seconds of the minute.
    public var bySecond: [Int]?
    /// Which members of each period's set are instances.
    public var bySetPosition: [Int]?
    /// The first day of a week; nil means Monday.
    public var weekStart: Weekday?
    /// What becomes of dates that do not exist; nil means `.backward`.
    public var skip: SkipPolicy?
    /// Local times taken away; at most `maximumDates`.
    public var exdates: [CivilDateTime]?
    /// Additional local times; at most `maximumDates`.
    public var rdates: [CivilDateTime]?

    /// `exdates` and `rdates` may not have more elements, nor any other list.
    public static let maximumDates = 10_000

    /// A pattern that says only how often.
    public init(frequency: Frequency) {
        self.frequency = frequency
    }

    /// The value of `end_date`.
    public enum EndDate: Hashable, Sendable {
        /// The last day.
        case date(CivilDate)
        /// The last local time.
        case local(CivilDateTime)
        /// The last instant.
        case instant(WallInstant)
    }
}

extension RecurrencePattern.EndDate: CustomStringConvertible {
    /// Reads `2026-12-31`, a local `2026-12-31T09:00:00` or an RFC 3339 instant.
    ///
    /// - Throws: `TimeFormatError` if the text is none of these.
    public init(_ text: some StringProtocol) throws(TimeFormatError) {
        // Only the length and the last character tell the three forms apart.
        if text.utf8.count <= 10 {
            self = .date(try CivilDate(text))
        } else if let local = try? CivilDateTime(text) {
            self = .local(local)
        } else {
            self = .instant(try WallInstant(rfc3339: text))
        }
    }

    /// The text that reads back as this value.
    public var description: String {
        switch self {
        case .date(let date): date.description
        case .local(let time): time.description
        case .instant(let instant): instant.description
        }
    }
}
