// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

extension FieldReader {
    /// Reads a `recurrence_pattern`: an object, or one of the short strings.
    mutating func pattern(_ value: JSONValue, _ pointer: String) -> RecurrencePattern? {
        if case .string = value {
            let words = [Frequency.daily, .weekly, .monthly, .yearly]
            guard let frequency: Frequency = choice(value, pointer) else { return nil }
            if words.contains(frequency) { return RecurrencePattern(frequency: frequency) }
            refuse(pointer, "One of \"daily\", \"weekly\", \"monthly\", \"yearly\", or an object.")
            return nil
        }
        let before = fields.count
        var pattern = RecurrencePattern(frequency: .daily)
        let isObject = object(value, pointer) { reader, member, pointer in
            pattern.read(member, pointer, &reader) || pattern.readLists(member, pointer, &reader)
        }
        if isObject, value["frequency"] == nil {
            refuse(pointer + "/frequency", "A pattern needs it: one of \"daily\", \"weekly\", …")
        }
        return fields.count == before ? pattern : nil
    }

    /// The rule that a pattern spells; a part at fault is noted under its name.
    mutating func rule(of pattern: RecurrencePattern, _ pointer: String) -> RecurrenceRule? {
        do throws(RecurrenceError) {
            return try RecurrenceRule(pattern)
        } catch {
            refuse(error.part.isEmpty ? pointer : "\(pointer)/\(error.part)", "\(error.message).")
            return nil
        }
    }

    fileprivate mutating func integers(_ value: JSONValue, _ pointer: String) -> [Int]? {
        nullable(value) {
            $0.list($1, pointer, limit: BodyLimits.ruleParts) { $0.integer($1, $2) }
        }
    }

    fileprivate mutating func end(
        _ value: JSONValue,
        _ pointer: String
    ) -> RecurrencePattern.EndDate? {
        string(value, pointer).flatMap { text in
            parsed(pointer) { () throws(TimeFormatError) in try .init(text) }
        }
    }

    fileprivate mutating func weekday(_ value: JSONValue, _ pointer: String) -> NumberedWeekday? {
        guard let text = string(value, pointer) else { return nil }
        let weekday = NumberedWeekday(text)
        if weekday == nil { refuse(pointer, "A weekday such as \"MO\" or \"-1FR\".") }
        return weekday
    }
}

extension RecurrencePattern {
    fileprivate mutating func read(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) -> Bool {
        let value = member.value
        switch member.name {
        case "frequency": frequency = reader.choice(value, pointer) ?? frequency
        case "interval": interval = reader.nullable(value) { $0.integer($1, pointer) }
        case "day_of_month": dayOfMonth = reader.nullable(value) { $0.integer($1, pointer) }
        case "month": month = reader.nullable(value) { $0.integer($1, pointer) }
        case "occurrences": occurrences = reader.nullable(value) { $0.integer($1, pointer) }
        case "end_date": endDate = reader.nullable(value) { $0.end($1, pointer) }
        case "skip": skip = reader.nullable(value) { $0.choice($1, pointer) }
        case "week_start":
            guard let day = reader.nullable(value, { $0.weekday($1, pointer) }) else { break }
            if day.ordinal != nil { reader.refuse(pointer, "A weekday such as \"MO\".") }
            weekStart = day.weekday
        default: return false
        }
        return true
    }

    fileprivate mutating func readLists(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) -> Bool {
        let value = member.value
        switch member.name {
        case "days_of_week": daysOfWeek = reader.integers(value, pointer)
        case "by_day":
            byDay = reader.nullable(value) {
                $0.list($1, pointer, limit: BodyLimits.ruleParts) { $0.weekday($1, $2) }
            }
        case "by_month_day": byMonthDay = reader.integers(value, pointer)
        case "by_month": byMonth = reader.integers(value, pointer)
        case "by_year_day": byYearDay = reader.integers(value, pointer)
        case "by_week_no": byWeekNumber = reader.integers(value, pointer)
        case "by_hour": byHour = reader.integers(value, pointer)
        case "by_minute": byMinute = reader.integers(value, pointer)
        case "by_second": bySecond = reader.integers(value, pointer)
        case "by_set_pos": bySetPosition = reader.integers(value, pointer)
        case "rdates": rdates = reader.nullable(value) { $0.dates($1, pointer) }
        case "exdates": exdates = reader.nullable(value) { $0.dates($1, pointer) }
        default: return false
        }
        return true
    }
}
