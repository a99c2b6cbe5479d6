// SPDX-License-Identifier: Apache-2.0

extension RecurrencePattern: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case frequency, interval, month, occurrences, skip, exdates, rdates
        case daysOfWeek = "days_of_week"
        case dayOfMonth = "day_of_month"
        case endDate = "end_date"
        case byDay = "by_day"
        case byMonthDay = "by_month_day"
        case byMonth = "by_month"
        case byYearDay = "by_year_day"
        case byWeekNumber = "by_week_no"
        case byHour = "by_hour"
        case byMinute = "by_minute"
        case bySecond = "by_second"
        case bySetPosition = "by_set_pos"
        case weekStart = "week_start"
    }

    /// Reads a pattern object, or one of the short strings.
    ///
    /// - Throws: `DecodingError` whose coding path names the key at fault, also for unknown keys.
    public init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer(),
            let name = try? value.decode(String.self)
        {
            guard let frequency = Frequency(rawValue: name), frequency >= .daily else {
                throw DecodingError.dataCorruptedError(
                    in: value,
                    debugDescription: "use daily, weekly, monthly, yearly or an object"
                )
            }
            self.init(frequency: frequency)
            return
        }
        let reader = try PatternReader<Key>(decoder)
        self.init(
            frequency: try reader.require(.frequency, "use daily, weekly, monthly or yearly") {
                Frequency(rawValue: $0)
            }
        )
        interval = try reader.number(.interval)
        daysOfWeek = try reader.numbers(.daysOfWeek)
        dayOfMonth = try reader.number(.dayOfMonth)
        month = try reader.number(.month)
        endDate = try reader.text(.endDate, "use a date or a date-time") { try? EndDate($0) }
        occurrences = try reader.number(.occurrences)
        byDay = try reader.texts(.byDay, "use weekdays as MO, 1MO or -1FR") { NumberedWeekday($0) }
        byMonthDay = try reader.numbers(.byMonthDay)
        byMonth = try reader.numbers(.byMonth)
        byYearDay = try reader.numbers(.byYearDay)
        byWeekNumber = try reader.numbers(.byWeekNumber)
        byHour = try reader.numbers(.byHour)
        byMinute = try reader.numbers(.byMinute)
        bySecond = try reader.numbers(.bySecond)
        bySetPosition = try reader.numbers(.bySetPosition)
        weekStart = try reader.text(.weekStart, "use MO, TU, WE, TH, FR, SA or SU") {
            Weekday(name: $0)
        }
        skip = try reader.text(.skip, "use omit, backward or forward") { SkipPolicy(rawValue: $0) }
        let remedy = "use local date-times such as 2026-11-20T09:00:00"
        exdates = try reader.texts(.exdates, remedy) { try? CivilDateTime($0) }
        rdates = try reader.texts(.rdates, remedy) { try? CivilDateTime($0) }
    }

    /// Writes a pattern object with the keys that are not nil.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(frequency.rawValue, forKey: .frequency)
        let numbers: [(Key, Int?)] = [
            (.interval, interval), (.dayOfMonth, dayOfMonth), (.month, month),
            (.occurrences, occurrences),
        ]
        for (key, value) in numbers { try container.encodeIfPresent(value, forKey: key) }
        let lists: [(Key, [Int]?)] = [
            (.daysOfWeek, daysOfWeek), (.byMonthDay, byMonthDay), (.byMonth, byMonth),
            (.byYearDay, byYearDay), (.byWeekNumber, byWeekNumber), (.byHour, byHour),
            (.byMinute, byMinute), (.bySecond, bySecond), (.bySetPosition, bySetPosition),
        ]
        for (key, value) in lists { try container.encodeIfPresent(value, forKey: key) }
        try container.encodeIfPresent(endDate?.description, forKey: .endDate)
        try container.encodeIfPresent(byDay?.map(\.description), forKey: .byDay)
        try container.encodeIfPresent(weekStart?.name, forKey: .weekStart)
        try container.encodeIfPresent(skip?.rawValue, forKey: .skip)
        try container.encodeIfPresent(exdates?.map(\.description), forKey: .exdates)
        try container.encodeIfPresent(rdates?.map(\.description), forKey: .rdates)
    }
}

/// Reads the values of an object that may have no other keys than those of `Key`.
private struct PatternReader<Key: CodingKey & CaseIterable> {
    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Key.self)
        let known = Set(Key.allCases.map(\.stringValue))
        let keys = try decoder.container(keyedBy: AnyKey.self).allKeys
        guard let unknown = keys.filter({ !known.contains($0.stringValue) }).first else { return }
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: decoder.codingPath + [unknown],
                debugDescription: "there is no such key in a recurrence pattern; remove it"
            )
        )
    }

    func number(_ key: Key) throws -> Int? {
        try value(key, "write a whole number")
    }

    func numbers(_ key: Key) throws -> [Int]? {
        try bounded(value(key, "write a list of whole numbers"), key)
    }

    func require<Value>(
        _ key: Key,
        _ remedy: String,
        _ read: (String) -> Value?
    ) throws -> Value {
        guard let value = try text(key, remedy, read) else { throw refusal(key, remedy) }
        return value
    }

    func text<Value>(_ key: Key, _ remedy: String, _ read: (String) -> Value?) throws -> Value? {
        guard let text: String = try value(key, remedy) else { return nil }
        guard let value = read(text) else { throw refusal(key, remedy) }
        return value
    }

    func texts<Value>(
        _ key: Key,
        _ remedy: String,
        _ read: (String) -> Value?
    ) throws -> [Value]? {
        let texts: [String]? = try bounded(value(key, remedy), key)
        return try texts?.map {
            guard let value = read($0) else { throw refusal(key, remedy) }
            return value
        }
    }

    private func value<Value: Decodable>(_ key: Key, _ remedy: String) throws -> Value? {
        do {
            return try container.decodeIfPresent(Value.self, forKey: key)
        } catch {
            // Not every decoder says which key it was.
            throw refusal(key, remedy)
        }
    }

    private func bounded<Value>(_ list: [Value]?, _ key: Key) throws -> [Value]? {
        guard let list, list.count > RecurrencePattern.maximumDates else { return list }
        throw refusal(key, "a list has at most \(RecurrencePattern.maximumDates) elements")
    }

    private func refusal(_ key: Key, _ remedy: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: container, debugDescription: remedy)
    }
}
