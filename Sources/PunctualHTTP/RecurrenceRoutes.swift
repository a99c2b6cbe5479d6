// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds the preview of rules that are not stored.
    mutating func addRecurrence(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        aside(.post, "/api/recurrence/preview") { call in
            let value = try await call.json(limit: configuration.maximumBodyBytes).value
            let preview = try RecurrencePreview(value)
            return try Response(json: { try preview.write(to: &$0, services) })
        }
    }
}

/// What a request to preview a rule asks for.
struct RecurrencePreview {
    /// The rule with its dates and its start, which is now when the request gives none.
    let input: RecurrenceInput
    /// The zone; nil means UTC.
    let timezone: String?
    /// What happens at gaps and folds.
    let dst: DSTPolicy?
    /// How many occurrences.
    let count: Int

    init(_ body: JSONValue) throws(Problem) {
        var reader = FieldReader()
        var fields = RecurrenceFields()
        var (timezone, dst, count) = (String?.none, DSTPolicy?.none, 10)
        reader.object(body, "") { reader, member, pointer in
            switch member.name {
            case "timezone":
                timezone = reader.nullable(member.value) { $0.string($1, pointer) }
            case "dst": dst = reader.nullable(member.value) { $0.dst($1, pointer) }
            case "count":
                count = reader.integer(member.value, pointer) ?? count
                if !(1...BodyLimits.preview).contains(count) {
                    reader.refuse(pointer, "From 1 to \(BodyLimits.preview).")
                }
            default: return fields.read(member, pointer, &reader)
            }
            return true
        }
        let input = fields.input(
            isRecurring: .keep,
            current: nil,
            timezone: timezone,
            &reader
        ).value
        try reader.finish()
        guard let input else {
            throw .invalid("/rrule", "Give an rrule or a recurrence_pattern.")
        }
        (self.input, self.timezone, self.dst, self.count) = (input, timezone, dst, count)
    }

    /// Writes the next occurrences, and the rule in both of its spellings.
    ///
    /// - Throws: a problem when the rule has none.
    func write(to writer: inout JSONWriter, _ services: HTTPServices) throws(Problem) {
        let occurrences = try services.tasks.preview(
            input,
            timezone: timezone,
            dst: dst,
            count: count
        )
        let rules = timezone.flatMap { services.zones.rules(for: $0) } ?? .utc
        writer.object { writer in
            writer.name("items")
            writer.array { writer in
                for occurrence in occurrences { occurrence.write(to: &writer, in: rules) }
            }
            writer.member("next_cursor", nil as String?)
            writer.member("rrule", input.rule.description)
            writer.name("recurrence_pattern")
            RecurrencePattern(input.rule, exdates: input.exdates, rdates: input.rdates)
                .write(to: &writer)
        }
    }
}

extension Occurrence {
    /// Writes the local time, the instant, and what the zone made of it where it had a choice.
    fileprivate func write(to writer: inout JSONWriter, in rules: ZoneRules) {
        writer.object { writer in
            writer.member("local", nominal.description)
            writer.member("utc", instant)
            writer.member("note", note(in: rules))
        }
    }

    private func note(in rules: ZoneRules) -> String? {
        guard let instant, let resolution else { return nil }
        switch resolution {
        case .unique: return nil
        case .gap:
            let shown = rules.localTime(at: instant)
            return "Clocks skip this local time; it happens when they show \(shown)."
        case .fold:
            let isFirst = rules.resolve(nominal).instant == instant
            return "Clocks show this local time twice; it happens the "
                + (isFirst ? "first time." : "second time.")
        }
    }
}
