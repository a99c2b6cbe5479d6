// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

extension FieldReader {
    /// Reads RFC 3339, with an offset as an instant and without one as a local time.
    mutating func time(_ value: JSONValue, _ pointer: String) -> TimeInput? {
        guard let text = string(value, pointer) else { return nil }
        do throws(TimeFormatError) {
            // Dates without a time are told apart only where reading them as a time has failed.
            return try parse(text)
        } catch {
            let isDate = (try? CivilDate(text)) != nil
            refuse(
                pointer,
                isDate
                    ? "A date alone does not say when: add a time, such as \(text)T09:00:00Z, or "
                        + "\(text)T09:00:00 beside a timezone."
                    : "\(error.message)."
            )
            return nil
        }
    }

    /// Reads RFC 3339 with an offset.
    mutating func instant(_ value: JSONValue, _ pointer: String) -> WallInstant? {
        switch time(value, pointer) {
        case .instant(let instant)?: return instant
        case .local?:
            refuse(pointer, "An instant ends in Z or a UTC offset such as +01:00.")
            return nil
        case nil: return nil
        }
    }

    /// Reads a local time, without an offset.
    mutating func local(_ value: JSONValue, _ pointer: String) -> CivilDateTime? {
        string(value, pointer).flatMap { text in
            parsed(pointer) { () throws(TimeFormatError) in try CivilDateTime(text) }
        }
    }

    /// Reads a duration such as `-PT1H`.
    mutating func duration(_ value: JSONValue, _ pointer: String) -> CalendarDuration? {
        string(value, pointer).flatMap { text in
            parsed(pointer) { () throws(TimeFormatError) in try CalendarDuration(text) }
        }
    }

    /// Reads a reminder: `{"offset":"-PT1H"}` or `{"at":…}`, with or without what answers add.
    mutating func reminder(_ value: JSONValue, _ pointer: String) -> ReminderInput? {
        var offset: CalendarDuration?
        var at: WallInstant?
        let before = fields.count
        object(value, pointer) { reader, member, pointer in
            switch member.name {
            case "offset": offset = reader.nullable(member.value) { $0.duration($1, pointer) }
            case "at": at = reader.nullable(member.value) { $0.instant($1, pointer) }
            case "id", "state", "snooze_of", "due": break
            default: return false
            }
            return true
        }
        guard fields.count == before else { return nil }
        if let offset { return .offset(offset) }
        if let at { return .at(at) }
        refuse(pointer, "Give an offset such as \"-PT1H\", or an instant as \"at\".")
        return nil
    }

    /// Reads a list of reminders; those made by snoozing another are kept anyway and left out here.
    mutating func reminders(_ value: JSONValue, _ pointer: String) -> [ReminderInput]? {
        let elements = list(value, pointer, limit: TaskLimits.reminders) {
            let isSnooze = ($1["snooze_of"] ?? .null) != .null
            return isSnooze ? [] : $0.reminder($1, $2).map { [$0] }
        }
        return elements?.flatMap { $0 }
    }

    /// Reads `"skip"` or `{"policy":"skip","grace":"PT1M"}`.
    mutating func misfire(_ value: JSONValue, _ pointer: String) -> MisfirePolicy? {
        var policy = MisfirePolicy.standard
        if case .string = value {
            guard let action: MisfirePolicy.Action = choice(value, pointer) else { return nil }
            policy.action = action
            return policy
        }
        let before = fields.count
        object(value, pointer) { reader, member, pointer in
            switch member.name {
            case "policy": policy.action = reader.choice(member.value, pointer) ?? policy.action
            case "grace":
                guard let grace = reader.duration(member.value, pointer) else { break }
                let milliseconds = (grace.days * 86_400 + grace.seconds) * 1_000
                let longest = Int(TaskLimits.graceMilliseconds)
                guard (0...longest).contains(milliseconds) else {
                    reader.refuse(pointer, "From PT0S to P\(longest / 86_400_000)D.")
                    break
                }
                policy.graceMilliseconds = Int32(milliseconds)
            default: return false
            }
            return true
        }
        return fields.count == before ? policy : nil
    }

    /// Reads `"skip,last"` or `{"gap":"skip","fold":"last"}`.
    mutating func dst(_ value: JSONValue, _ pointer: String) -> DSTPolicy? {
        if case .string(let text) = value {
            return parsed(pointer) { () throws(TimeFormatError) in try DSTPolicy(text) }
        }
        var policy = DSTPolicy()
        let before = fields.count
        object(value, pointer) { reader, member, pointer in
            switch member.name {
            case "gap": policy.gap = reader.choice(member.value, pointer) ?? policy.gap
            case "fold": policy.fold = reader.choice(member.value, pointer) ?? policy.fold
            default: return false
            }
            return true
        }
        return fields.count == before ? policy : nil
    }

    /// Reads a value for which `null` means that it is absent.
    mutating func nullable<Value>(
        _ value: JSONValue,
        _ read: (inout FieldReader, JSONValue) -> Value?
    ) -> Value? {
        value == .null ? nil : read(&self, value)
    }

    /// What `parse` makes of a text; where it throws, what it says is noted.
    mutating func parsed<Value>(
        _ pointer: String,
        _ parse: () throws(TimeFormatError) -> Value
    ) -> Value? {
        do throws(TimeFormatError) {
            return try parse()
        } catch {
            refuse(pointer, "\(error.message).")
            return nil
        }
    }

    private func parse(_ text: String) throws(TimeFormatError) -> TimeInput {
        let hasOffset = text.utf8.dropFirst(10).contains {
            "Zz+-".utf8.contains($0)
        }
        return hasOffset
            ? .instant(try WallInstant(rfc3339: text)) : .local(try CivilDateTime(text))
    }
}
