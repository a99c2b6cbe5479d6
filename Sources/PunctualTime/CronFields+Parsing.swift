// SPDX-License-Identifier: Apache-2.0

extension CronFields {
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// Reads six fields, apart by white space.
    init(parsing text: some StringProtocol) throws(CronError) {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 6 else {
            throw CronError(
                "a cron expression has six fields (second, minute, hour, day of the month, month, "
                    + "day of the week), not \(fields.count)"
            )
        }
        (seconds, _) = try Self.field(fields[0], "second", 0...59)
        (minutes, _) = try Self.field(fields[1], "minute", 0...59)
        (hours, _) = try Self.field(fields[2], "hour", 0...23)
        (days, takesAnyDay) = try Self.field(fields[3], "day of the month", 1...31)
        (months, _) = try Self.field(fields[4], "month", 1...12, Self.monthNames)
        (weekdays, takesAnyWeekday) = try Self.field(
            fields[5],
            "day of the week",
            0...6,
            Self.weekdayNames
        )
    }

    /// Reads one field: a list of values, ranges and steps.
    private static func field(
        _ text: some StringProtocol,
        _ name: String,
        _ range: ClosedRange<Int>,
        _ names: [String] = []
    ) throws(CronError) -> (set: UInt64, takesAny: Bool) {
        var (set, takesAny): (UInt64, Bool) = (0, false)
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = parts.first, parts.count <= 2 else {
                throw CronError("\"\(item)\" is no \(name): it has more than one step")
            }
            let step = parts.count == 2 ? try number(parts[1], "step of a \(name)", 1...59) : 1
            let isAny = first == "*" || first == "?"
            var bounds = range
            if !isAny {
                let ends = first.split(separator: "-", omittingEmptySubsequences: false)
                guard let low = ends.first, let high = ends.last, ends.count <= 2 else {
                    throw CronError("\"\(item)\" is no \(name): it has more than one hyphen")
                }
                let lower = try number(low, name, range, names)
                let upper =
                    ends.count == 2
                    ? try number(high, name, range, names)
                    : parts.count == 2 ? range.upperBound : lower
                guard lower <= upper else {
                    throw CronError("\"\(item)\" is no \(name): a range runs upwards")
                }
                bounds = lower...upper
            }
            for value in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) {
                set |= 1 << UInt64(value)
            }
            takesAny = takesAny || isAny && step == 1
        }
        return (set, takesAny)
    }

    private static func number(
        _ text: some StringProtocol,
        _ name: String,
        _ range: ClosedRange<Int>,
        _ names: [String] = []
    ) throws(CronError) -> Int {
        if let index = names.firstIndex(of: text.lowercased()) { return index + range.lowerBound }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int(text), range.contains(value)
        else {
            throw CronError(
                "\"\(text)\" is no \(name): \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }
}
