// SPDX-License-Identifier: Apache-2.0

/// The heart of `punctual recurrence expand`: a recurrence set from texts, and lists out of it.
public struct RecurrenceExpansion: Sendable {
    /// No list is longer.
    public static let maximumLimit = 100_000
    /// How long a list is when nothing else is said.
    public static let defaultLimit = 25

    /// The set to expand.
    public let set: RecurrenceSet

    /// An expansion of `set`.
    public init(of set: RecurrenceSet) {
        self.set = set
    }

    /// An expansion of the set that these iCalendar values describe.
    ///
    /// - Parameters:
    ///   - dtstart: The first local time, `20261120T090000`.
    ///   - zone: The rules of the zone, nil for floating times.
    ///   - rrule: A rule, or an empty text for none; then DTSTART is an instance.
    ///   - rdate: Additional local times, in any order.
    ///   - exdate: Local times taken away, in any order.
    /// - Throws: `RecurrenceError`, whose part is `dtstart`, `rdate`, `exdate` or one of the rule.
    public init(
        dtstart: String,
        zone: ZoneRules?,
        rrule: String,
        rdate: [String] = [],
        exdate: [String] = []
    ) throws(RecurrenceError) {
        set = RecurrenceSet(
            dtstart: try Self.time(dtstart, part: "dtstart"),
            zone: zone,
            rule: rrule.isEmpty ? nil : try RecurrenceRule(rrule),
            rdates: try Self.times(rdate, part: "rdate"),
            exdates: try Self.times(exdate, part: "exdate")
        )
    }

    /// The first `limit` occurrences in nominal order; at most `maximumLimit`.
    public func first(_ limit: Int = defaultLimit) -> [Occurrence] {
        Array(set.occurrences().prefix(min(max(limit, 0), Self.maximumLimit)))
    }

    /// The next occurrence strictly after `local`, by instants where the set has a zone.
    ///
    /// - Parameters:
    ///   - local: A local time of the set's zone.
    ///   - instant: The same time as an instant, where it is known; a local time in a fold has two.
    /// - Returns: The occurrence, or nil when there is none.
    public func next(after local: CivilDateTime, instant: WallInstant? = nil) -> Occurrence? {
        guard let zone = set.zone else { return set.next(afterLocal: local) }
        return set.next(after: instant ?? zone.resolve(local).instant)
    }

    private static func times(
        _ texts: [String],
        part: String
    ) throws(RecurrenceError) -> [CivilDateTime] {
        var times = [CivilDateTime]()
        for text in texts { times.append(try time(text, part: part)) }
        return times
    }

    private static func time(
        _ text: String,
        part: String
    ) throws(RecurrenceError) -> CivilDateTime {
        do {
            return try CivilDateTime(text)
        } catch {
            throw RecurrenceError(
                code: error.code == .malformed ? .malformed : .outOfRange,
                part: part,
                message: error.message
            )
        }
    }
}
