// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// How a body says that something repeats, in either spelling or in both.
struct RecurrenceFields {
    var rrule = Update<RecurrenceRule>.keep
    var pattern = Update<RecurrencePattern>.keep
    var start = Update<TimeInput>.keep
    var rdates = Update<[CivilDateTime]>.keep
    var exdates = Update<[CivilDateTime]>.keep

    /// Takes a member that belongs to a recurrence; false when it does not.
    mutating func read(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) -> Bool {
        let value = member.value
        switch member.name {
        case "rrule": rrule = reader.update(value) { $0.rule($1, pointer) }
        case "recurrence_pattern": pattern = reader.update(value) { $0.pattern($1, pointer) }
        case "dtstart": start = reader.update(value) { $0.time($1, pointer) }
        case "rdates": rdates = reader.update(value) { $0.dates($1, pointer) }
        case "exdates": exdates = reader.update(value) { $0.dates($1, pointer) }
        default: return false
        }
        return true
    }

    /// What all of it asks for, with what the body says of `is_recurring`.
    ///
    /// What the body does not name is kept from `current`, how the task repeats now. `timezone` is
    /// the zone that the task will have; without one a series counts in UTC.
    func input(
        isRecurring: Update<Bool>,
        current: TaskRecurrence?,
        timezone: String?,
        _ reader: inout FieldReader
    ) -> Update<RecurrenceInput> {
        let rule = rule(&reader)
        if case .set(false?) = isRecurring {
            if case .set(_?) = rule {
                reader.refuse("/is_recurring", "It is false beside a rule; leave one of them out.")
            }
            return .set(nil)
        }
        let isNamed = rule.isSet || start.isSet || rdates.isSet || exdates.isSet
        let effective = rule.applied(to: current?.rule)
        guard let effective else {
            if case .set(true?) = isRecurring {
                reader.refuse("/is_recurring", "Say how: give an rrule or a recurrence_pattern.")
            }
            for (pointer, isGiven) in [
                ("/dtstart", start.value != nil), ("/rdates", rdates.value != nil),
                ("/exdates", exdates.value != nil),
            ] where isGiven {
                reader.refuse(pointer, "It needs an rrule or a recurrence_pattern beside it.")
            }
            return rule.isSet ? .set(nil) : .keep
        }
        guard isNamed else { return .keep }
        // A series whose rule stays goes on from its start; a new rule counts from the due date.
        let kept = current?.rule.says(effective) == true ? current : nil
        var input = RecurrenceInput(rule: effective)
        input.start = start.applied(to: kept.map { .local($0.start) })
        if let current, timezone == nil, input.start == .local(current.start) {
            input.start = .instant(WallInstant(utc: current.start))
        }
        // Dates stand beside the rule, or else within the pattern; without either they are kept.
        input.rdates =
            rdates.value(clearedTo: []) ?? pattern.value.map { $0.rdates ?? [] }
            ?? kept?.rdates ?? []
        input.exdates =
            exdates.value(clearedTo: []) ?? pattern.value.map { $0.exdates ?? [] }
            ?? kept?.exdates ?? []
        return .set(input)
    }

    /// The rule in whichever spelling it is given; in both it must be the same.
    private func rule(_ reader: inout FieldReader) -> Update<RecurrenceRule> {
        guard let pattern = pattern.value else {
            return rrule.isSet || !pattern.isSet ? rrule : .set(nil)
        }
        guard let spelled = reader.rule(of: pattern, "/recurrence_pattern") else { return .keep }
        guard case .set(let rrule) = rrule else { return .set(spelled) }
        if let rrule, rrule.says(spelled) { return .set(rrule) }
        reader.refuse("/rrule", "It says something else than recurrence_pattern; send one.")
        return .keep
    }
}

extension RecurrenceRule {
    /// Whether it means what another rule means: SKIP=OMIT is the same as no SKIP at all.
    fileprivate func says(_ other: RecurrenceRule) -> Bool {
        RecurrencePattern(self) == RecurrencePattern(other)
    }
}

extension Update {
    /// The value that the request gives, if it gives one.
    var value: Value? { applied(to: nil) }

    /// The value that the request gives, `null` standing for a default; nil when it names none.
    func value(clearedTo standard: Value) -> Value? { isSet ? value ?? standard : nil }
}

extension FieldReader {
    /// Reads RRULE text.
    mutating func rule(_ value: JSONValue, _ pointer: String) -> RecurrenceRule? {
        guard let text = string(value, pointer) else { return nil }
        do throws(RecurrenceError) {
            return try RecurrenceRule(text)
        } catch {
            refuse(pointer, error.description)
            return nil
        }
    }

    /// Reads a list of local times.
    mutating func dates(_ value: JSONValue, _ pointer: String) -> [CivilDateTime]? {
        list(value, pointer, limit: TaskLimits.dates) { $0.local($1, $2) }
    }
}
