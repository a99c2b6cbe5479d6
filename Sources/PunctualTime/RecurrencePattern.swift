// SPDX-License-Identifier: Apache-2.0

/// The `recurrence_pattern` spelling of a recurrence: a JSON object in snake_case.
///
/// It says what RRULE text says, with one difference: a day that a month lacks means the month's
/// last day unless `skip` is `omit`, so that a task due on the 31st comes on February 28.
/// The short strings `"daily"`, `"weekly"`, `"monthly"` and `"yearly"` stand for a whole pattern.
public struct RecurrencePattern: Hashable, Sendable {
    /// The period.
    public var frequency: Frequency
    /// Every how many periods; nil means 1.
    public var interval: Int?
    /// Weekdays, 0 = Sunday to 6.
    public var daysOfWeek: [Int]?
    /// One day of the month, 1 to 31 or, from its end, -1 to -31.
    public var dayOfMonth: Int?
    /// One month, 1 to 12.
    public var month: Int?
    /// The last day or the last time, inclusive.
    public var endDate: RecurrenceEnd?
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
    /// Local times taken away.
    public var exdates: [CivilDateTime]?
    /// Additional local times.
    public var rdates: [CivilDateTime]?

    /// A pattern that says only how often.
    public init(frequency: Frequency) {
        self.frequency = frequency
    }
}
