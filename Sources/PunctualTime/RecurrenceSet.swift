// SPDX-License-Identifier: Apache-2.0

/// One instance of a recurrence set.
public struct Occurrence: Hashable, Sendable {
    /// The local time the rule gives; in a gap it is a time that no clock shows.
    ///
    /// With the series it identifies the occurrence, whatever becomes of the zone's rules.
    public let nominal: CivilDateTime
    /// The instant, nil where the set has no zone.
    public let instant: WallInstant?
    /// How often a clock in the zone shows `nominal`, nil where the set has no zone.
    public let resolution: LocalTimeResolution.Kind?
}

/// A recurrence set of RFC 5545: a rule and RDATEs less EXDATEs, in a zone or floating.
public struct RecurrenceSet: Sendable {
    /// The first local time, which gives the rule its missing parts.
    public let dtstart: CivilDateTime
    /// The zone, or nil for local times that belong to none.
    public let zone: ZoneRules?
    /// The rule; without one DTSTART itself is an instance.
    public let rule: RecurrenceRule?
    /// Additional local times, ascending.
    public let rdates: [CivilDateTime]
    /// Local times taken away, ascending.
    public let exdates: [CivilDateTime]
    /// What gaps and folds of the zone do to occurrences.
    public let dst: DSTPolicy

    /// A recurrence set; `rdates` and `exdates` may be unordered and repeat themselves.
    public init(
        dtstart: CivilDateTime,
        zone: ZoneRules?,
        rule: RecurrenceRule?,
        rdates: [CivilDateTime] = [],
        exdates: [CivilDateTime] = [],
        dst: DSTPolicy = DSTPolicy()
    ) {
        self.dtstart = dtstart
        self.zone = zone
        self.rule = rule
        self.rdates = Array(Set(rdates)).sorted()
        self.exdates = Array(Set(exdates)).sorted()
        self.dst = dst
    }

    /// The occurrences from the nominal time `start` on, ascending by nominal time, lazily.
    public func occurrences(from start: CivilDateTime = .min) -> Occurrences {
        Occurrences()
    }

    /// A lazy sequence of occurrences.
    public struct Occurrences: Sequence, IteratorProtocol {
        /// The next occurrence.
        public mutating func next() -> Occurrence? { nil }
    }

    /// The occurrence with the earliest instant after `instant`; floating times count as UTC.
    public func next(after instant: WallInstant) -> Occurrence? { nil }

    /// The first occurrence whose nominal time is after `local`.
    public func next(afterLocal local: CivilDateTime) -> Occurrence? { nil }
}
