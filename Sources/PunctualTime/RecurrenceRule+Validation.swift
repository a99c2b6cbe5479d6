// SPDX-License-Identifier: Apache-2.0

extension RecurrenceRule {
    /// INTERVAL and COUNT may not be larger.
    public static let maximumNumber = Int(Int32.max)

    /// COUNT may not be larger where SKIP moves dates and BYSETPOS picks among them, because such
    /// instances can only be counted one by one.
    public static let maximumSteppedCount = 10_000

    /// Checks what RFC 5545 §3.3.10 demands of a rule.
    func validate() throws(RecurrenceError) {
        try Self.check("INTERVAL", [interval], 1...Self.maximumNumber)
        if case .count(let count) = end { try Self.check("COUNT", [count], 1...Self.maximumNumber) }
        try Self.check("BYSECOND", bySecond, 0...60)
        try Self.check("BYMINUTE", byMinute, 0...59)
        try Self.check("BYHOUR", byHour, 0...23)
        try Self.check("BYMONTHDAY", byMonthDay, 1...31, signed: true)
        try Self.check("BYYEARDAY", byYearDay, 1...366, signed: true)
        try Self.check("BYWEEKNO", byWeekNumber, 1...53, signed: true)
        try Self.check("BYMONTH", byMonth, 1...12)
        try Self.check("BYSETPOS", bySetPosition, 1...366, signed: true)
        try Self.check("BYDAY", byDay.compactMap(\.ordinal), 1...53, signed: true)
        try validateCombinations()
    }

    private static func check(
        _ part: String,
        _ values: [Int],
        _ range: ClosedRange<Int>,
        signed: Bool = false
    ) throws(RecurrenceError) {
        for value in values where !range.contains(signed ? value.magnitudeClamped : value) {
            let (low, high) = (range.lowerBound, range.upperBound)
            throw RecurrenceError(
                code: .outOfRange,
                part: part,
                message: "values run from \(low) to \(high)"
                    + (signed ? ", or from -\(high) to -\(low) to count from the end" : "")
            )
        }
    }

    private func validateCombinations() throws(RecurrenceError) {
        func refuse(_ condition: Bool, _ part: String, _ message: String) throws(RecurrenceError) {
            if condition {
                throw RecurrenceError(code: .conflict, part: part, message: message)
            }
        }
        let numbered = byDay.contains { $0.ordinal != nil }
        try refuse(
            !byWeekNumber.isEmpty && frequency != .yearly,
            "BYWEEKNO",
            "week numbers need FREQ=YEARLY"
        )
        try refuse(
            !byYearDay.isEmpty && [.daily, .weekly, .monthly].contains(frequency),
            "BYYEARDAY",
            "days of the year do not go with FREQ=DAILY, WEEKLY or MONTHLY; use FREQ=YEARLY"
        )
        try refuse(
            !byMonthDay.isEmpty && frequency == .weekly,
            "BYMONTHDAY",
            "days of the month do not go with FREQ=WEEKLY; use FREQ=MONTHLY or DAILY"
        )
        try refuse(
            numbered && frequency < .monthly,
            "BYDAY",
            "numbered weekdays need FREQ=MONTHLY or YEARLY; leave the number out"
        )
        try refuse(
            numbered && !byWeekNumber.isEmpty,
            "BYDAY",
            "numbered weekdays do not go with BYWEEKNO; leave the number out"
        )
        let others = [bySecond, byMinute, byHour, byMonthDay, byYearDay, byWeekNumber, byMonth]
        try refuse(
            !bySetPosition.isEmpty && byDay.isEmpty && others.allSatisfy(\.isEmpty),
            "BYSETPOS",
            "positions need another BY part to choose from"
        )
        if case .count(let count) = end, skip ?? .omit != .omit, !bySetPosition.isEmpty {
            try refuse(
                count > Self.maximumSteppedCount,
                "COUNT",
                "with SKIP and BYSETPOS it is at most \(Self.maximumSteppedCount)"
            )
        }
    }
}

extension Int {
    /// The absolute value, for any input.
    fileprivate var magnitudeClamped: Int { Int(clamping: magnitude) }
}
