// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// What one line for ``RecurrenceExpander`` asks for.
struct ExpansionRequest {
    /// How many occurrences at most.
    private(set) var limit = RecurrenceExpander.defaultLimit

    private var start: CivilDateTime?
    private var isBasic = true
    private var zone: String?
    private var rule: RecurrenceRule?
    private var rdates: [CivilDateTime] = []
    private var exdates: [CivilDateTime] = []
    private var after: CivilDateTime?
    private var afterUTC: WallInstant?

    /// Reads the members that matter; the others are not looked at.
    init(_ members: [JSONMember]) throws(Problem) {
        var reader = FieldReader()
        for member in members where member.value != .null {
            read(member, "/" + member.name, &reader)
        }
        try reader.finish()
    }

    /// Whether one occurrence is asked for, rather than the first ones.
    var asksForNext: Bool { after != nil || afterUTC != nil }

    /// The recurrence set that the line describes.
    func set(zones: any ZoneSource) throws(Problem) -> RecurrenceSet {
        guard let start else { throw .invalid("/dtstart", "It is missing.") }
        var rules: ZoneRules?
        if let zone {
            rules = zone == "UTC" ? .utc : zones.rules(for: zone)
            if rules == nil { throw .invalid("/tzid", "There is no zone of this name.") }
        }
        return RecurrenceSet(
            dtstart: start,
            zone: rules,
            rule: rule,
            rdates: rdates,
            exdates: exdates
        )
    }

    /// The occurrence after the time that is asked about.
    func next(in set: RecurrenceSet) -> Occurrence? {
        guard let zone = set.zone else {
            return set.next(afterLocal: after ?? afterUTC.map(ZoneRules.utc.localTime) ?? .max)
        }
        return (afterUTC ?? after.map { zone.resolve($0).instant }).flatMap(set.next(after:))
    }

    /// A local time, written as DTSTART is.
    func text(_ local: CivilDateTime) -> String { isBasic ? local.basic : "\(local)" }

    /// An instant, written as DTSTART is.
    func text(_ instant: WallInstant) -> String { isBasic ? instant.basic : instant.rfc3339 }

    private mutating func read(
        _ member: JSONMember,
        _ pointer: String,
        _ reader: inout FieldReader
    ) {
        let value = member.value
        switch member.name {
        case "dtstart":
            start = reader.local(value, pointer)
            if case .string(let text) = value { isBasic = !text.contains("-") }
        case "tzid": zone = reader.string(value, pointer)
        case "rrule" where value != .string(""): rule = reader.rule(value, pointer)
        case "recurrence_pattern": readPattern(value, pointer, &reader)
        case "rdate": rdates += reader.dates(value, pointer) ?? []
        case "exdate": exdates += reader.dates(value, pointer) ?? []
        case "after": after = reader.local(value, pointer)
        case "after_utc": afterUTC = reader.basicInstant(value, pointer)
        case "limit":
            guard let limit = reader.integer(value, pointer) else { break }
            if (0...RecurrenceExpander.maximumLimit).contains(limit) {
                self.limit = limit
            } else {
                reader.refuse(pointer, "From 0 to \(RecurrenceExpander.maximumLimit).")
            }
        default: break
        }
    }

    private mutating func readPattern(
        _ value: JSONValue,
        _ pointer: String,
        _ reader: inout FieldReader
    ) {
        guard let pattern = reader.pattern(value, pointer) else { return }
        rule = reader.rule(of: pattern, pointer)
        rdates += pattern.rdates ?? []
        exdates += pattern.exdates ?? []
    }
}

extension FieldReader {
    /// Reads an instant in either form, that of iCalendar or RFC 3339.
    fileprivate mutating func basicInstant(
        _ value: JSONValue,
        _ pointer: String
    ) -> WallInstant? {
        string(value, pointer).flatMap { text in
            parsed(pointer) { () throws(TimeFormatError) in
                text.contains("-") ? try WallInstant(rfc3339: text) : try WallInstant(basic: text)
            }
        }
    }
}
