// SPDX-License-Identifier: Apache-2.0

extension RecurrenceRule: CustomStringConvertible {
    /// No rule text may be longer, in bytes; a rule that names all 366 days has about 1,500.
    public static let maximumTextBytes = 8192

    /// Reads an RRULE value such as `FREQ=MONTHLY;BYDAY=-1FR`, in either case.
    ///
    /// The prefix `RRULE:` is accepted. Parts may come in any order, lists may be unordered.
    ///
    /// - Throws: `RecurrenceError` naming the part at fault and what would be right.
    public init(_ text: some StringProtocol) throws(RecurrenceError) {
        var parts = try RuleParts(text)
        guard let name = parts.take("FREQ") else {
            throw RecurrenceError(
                code: .missing,
                part: "FREQ",
                message: "a rule needs its period; add FREQ=DAILY, WEEKLY, MONTHLY or YEARLY"
            )
        }
        guard let frequency = Frequency(rawValue: name.lowercased()) else {
            throw RecurrenceError(
                code: .outOfRange,
                part: "FREQ",
                message: "use SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY"
            )
        }
        let end = try parts.takeEnd()
        let skip = try parts.takeSkip()
        try self.init(
            frequency: frequency,
            interval: parts.takeNumber("INTERVAL") ?? 1,
            end: end,
            bySecond: parts.takeNumbers("BYSECOND"),
            byMinute: parts.takeNumbers("BYMINUTE"),
            byHour: parts.takeNumbers("BYHOUR"),
            byDay: parts.takeWeekdays("BYDAY"),
            byMonthDay: parts.takeNumbers("BYMONTHDAY"),
            byYearDay: parts.takeNumbers("BYYEARDAY"),
            byWeekNumber: parts.takeNumbers("BYWEEKNO"),
            byMonth: parts.takeNumbers("BYMONTH"),
            bySetPosition: parts.takeNumbers("BYSETPOS"),
            weekStart: parts.takeWeekday("WKST") ?? .monday,
            skip: skip
        )
        try parts.finish()
    }

    /// The canonical RRULE value: parts in the RFC's order, lists ascending, defaults left out.
    public var description: String {
        var parts = [String]()
        func add(_ name: String, _ values: [String]) {
            if !values.isEmpty { parts.append("\(name)=\(values.joined(separator: ","))") }
        }
        if skip != nil { add("RSCALE", ["GREGORIAN"]) }
        add("FREQ", [frequency.rawValue.uppercased()])
        switch end {
        case .never: break
        case .count(let count): add("COUNT", [String(count)])
        case .until(let instant): add("UNTIL", [instant.basic])
        case .untilLocal(let time): add("UNTIL", [time.basic])
        case .untilDate(let date): add("UNTIL", [date.basic])
        }
        if interval != 1 { add("INTERVAL", [String(interval)]) }
        let lists = [
            ("BYSECOND", bySecond), ("BYMINUTE", byMinute), ("BYHOUR", byHour), ("BYDAY", []),
            ("BYMONTHDAY", byMonthDay), ("BYYEARDAY", byYearDay), ("BYWEEKNO", byWeekNumber),
            ("BYMONTH", byMonth), ("BYSETPOS", bySetPosition),
        ]
        for (name, values) in lists {
            add(name, name == "BYDAY" ? byDay.map(\.description) : values.map { String($0) })
        }
        if weekStart != .monday { add("WKST", [weekStart.name]) }
        if let skip { add("SKIP", [skip.rawValue.uppercased()]) }
        return parts.joined(separator: ";")
    }
}

extension NumberedWeekday: CustomStringConvertible {
    /// Reads `MO`, `1MO`, `+1MO` or `-1MO`; nil if it is none of these.
    public init?(_ text: some StringProtocol) {
        guard let weekday = Weekday(name: text.suffix(2)) else { return nil }
        let number = text.dropLast(2)
        guard !number.isEmpty else {
            self.init(weekday)
            return
        }
        guard let ordinal = signedNumber(number) else { return nil }
        self.init(weekday, ordinal: ordinal)
    }

    /// The weekday as in BYDAY: `MO`, `1MO`, `-1MO`.
    public var description: String { (ordinal.map { String($0) } ?? "") + weekday.name }
}

/// Reads one to nine decimal digits with an optional sign; nil for anything else.
private func signedNumber(_ text: some StringProtocol) -> Int? {
    var scanner = TextScanner(text, limit: 10)
    let negative = scanner.skip("-")
    if !negative { _ = scanner.skip("+") }
    guard let value = scanner.number(limit: 10), scanner.isAtEnd else { return nil }
    return negative ? -value : value
}

/// The parts of a rule text by name, each to be taken once.
private struct RuleParts {
    private static let names: Set = [
        "FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY",
        "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST", "RSCALE", "SKIP",
    ]

    private var values: [String: Substring] = [:]

    init(_ text: some StringProtocol) throws(RecurrenceError) {
        guard
            text.utf8.prefix(RecurrenceRule.maximumTextBytes + 1).count
                <= RecurrenceRule.maximumTextBytes
        else {
            throw RecurrenceError(
                code: .outOfRange,
                part: "",
                message: "a rule has at most \(RecurrenceRule.maximumTextBytes) bytes"
            )
        }
        var rule = Substring(text)
        if rule.prefix(6).uppercased() == "RRULE:" { rule = rule.dropFirst(6) }
        for part in rule.split(separator: ";", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = pair[0].uppercased()
            guard pair.count == 2, !pair[1].isEmpty else {
                throw RecurrenceError(
                    code: .malformed,
                    part: Self.names.contains(name) ? name : "",
                    message: "write a rule as NAME=value;NAME=value, none of them empty"
                )
            }
            guard Self.names.contains(name) else {
                throw RecurrenceError(
                    code: .unknown,
                    part: String(name.prefix(32)),
                    message: "RFC 5545 has no such part; remove it"
                )
            }
            guard values.updateValue(pair[1], forKey: name) == nil else {
                throw RecurrenceError(
                    code: .duplicate,
                    part: name,
                    message: "give the part only once"
                )
            }
        }
    }

    mutating func take(_ name: String) -> Substring? { values.removeValue(forKey: name) }

    mutating func takeNumber(_ name: String) throws(RecurrenceError) -> Int? {
        guard let text = take(name) else { return nil }
        guard let first = text.utf8.first, first &- 48 < 10, let number = signedNumber(text) else {
            throw RecurrenceError(
                code: .malformed,
                part: name,
                message: "write a whole number from 1"
            )
        }
        return number
    }

    mutating func takeNumbers(_ name: String) throws(RecurrenceError) -> [Int] {
        guard let text = take(name) else { return [] }
        var numbers = [Int]()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = signedNumber(item) else {
                throw RecurrenceError(
                    code: .malformed,
                    part: name,
                    message: "write whole numbers with commas between them"
                )
            }
            numbers.append(number)
        }
        return numbers
    }

    mutating func takeWeekdays(_ name: String) throws(RecurrenceError) -> [NumberedWeekday] {
        guard let text = take(name) else { return [] }
        var weekdays = [NumberedWeekday]()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let weekday = NumberedWeekday(item) else {
                throw RecurrenceError(
                    code: .malformed,
                    part: name,
                    message: "write weekdays as MO, or numbered as 1MO or -1FR, with commas between"
                )
            }
            weekdays.append(weekday)
        }
        return weekdays
    }

    mutating func takeWeekday(_ name: String) throws(RecurrenceError) -> Weekday? {
        guard let text = take(name) else { return nil }
        guard let weekday = Weekday(name: text) else {
            throw RecurrenceError(
                code: .malformed,
                part: name,
                message: "use MO, TU, WE, TH, FR, SA or SU"
            )
        }
        return weekday
    }

    mutating func takeEnd() throws(RecurrenceError) -> RecurrenceEnd {
        let count = try takeNumber("COUNT")
        guard let text = take("UNTIL") else { return count.map { .count($0) } ?? .never }
        guard count == nil else {
            throw RecurrenceError(
                code: .conflict,
                part: "COUNT",
                message: "COUNT and UNTIL exclude one another"
            )
        }
        if let date = try? CivilDate(text) { return .untilDate(date) }
        if let time = try? CivilDateTime(text) { return .untilLocal(time) }
        if let instant = try? WallInstant(basic: text) { return .until(instant) }
        if let instant = try? WallInstant(rfc3339: text) { return .until(instant) }
        throw RecurrenceError(
            code: .malformed,
            part: "UNTIL",
            message: "write 20261231T235959Z, a local 20261231T235959 or a date 20261231"
        )
    }

    mutating func takeSkip() throws(RecurrenceError) -> SkipPolicy? {
        let scale = take("RSCALE")
        guard scale == nil || scale?.uppercased() == "GREGORIAN" else {
            throw RecurrenceError(
                code: .outOfRange,
                part: "RSCALE",
                message: "only GREGORIAN is supported"
            )
        }
        guard let text = take("SKIP") else { return scale == nil ? nil : .omit }
        guard scale != nil else {
            throw RecurrenceError(
                code: .missing,
                part: "RSCALE",
                message: "SKIP needs it; add RSCALE=GREGORIAN"
            )
        }
        guard let skip = SkipPolicy(rawValue: text.lowercased()) else {
            throw RecurrenceError(
                code: .malformed,
                part: "SKIP",
                message: "use OMIT, BACKWARD or FORWARD"
            )
        }
        return skip
    }

    /// Refuses parts that nothing has taken; there are none unless a name is read by nobody.
    func finish() throws(RecurrenceError) {
        guard let name = values.keys.first else { return }
        throw RecurrenceError(code: .unknown, part: name, message: "remove the part")
    }
}
