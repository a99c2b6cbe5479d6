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
///
/// Expansion is nominal: the rule is expanded in local time, then each local time is turned into
/// an instant. Building a set compiles its rule and finds the last instance of one with COUNT;
/// every question after that costs the same however old DTSTART is.
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

    private let compiled: CompiledRule?
    /// The rule has no instance after this local time, in seconds since the epoch.
    private let last: Int64
    /// The rule has no instance after this instant, in seconds since the epoch.
    private let lastInstant: Int64
    private let added: [Int]
    private let removed: [Int]

    /// A recurrence set; `rdates` and `exdates` may be unordered and repeat themselves.
    ///
    /// UNTIL is compared with the instant that RFC 5545 §3.3.5 gives, whatever `dst` says; COUNT
    /// counts nominal instances.
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
        // A rule that never matches is found out here, once.
        compiled = rule.map { CompiledRule($0, dtstart: dtstart) }
            .flatMap { $0.next(from: dtstart.secondsSinceEpoch) == nil ? nil : $0 }
        added = (rule == nil ? Array(Set(rdates + [dtstart])).sorted() : self.rdates)
            .map { Int($0.secondsSinceEpoch) }
        removed = self.exdates.map { Int($0.secondsSinceEpoch) }
        (last, lastInstant) = Self.end(of: rule, compiled, zone)
    }

    private static func end(
        of rule: RecurrenceRule?,
        _ compiled: CompiledRule?,
        _ zone: ZoneRules?
    ) -> (local: Int64, instant: Int64) {
        switch rule?.end {
        case nil, .never: (.max, .max)
        case .count(let count): (compiled?.instance(number: count) ?? .max, .max)
        case .untilLocal(let time): (time.secondsSinceEpoch, .max)
        case .untilDate(let date): (Int64(date.daysSinceEpoch) * 86_400 + 86_399, .max)
        case .until(let instant):
            (
                zone?.latestLocal(notAfter: instant.secondsSinceEpoch)
                    ?? instant.secondsSinceEpoch, instant.secondsSinceEpoch
            )
        }
    }
}

// MARK: - Nominal times

extension RecurrenceSet {
    /// The first nominal time of the set that is not before `time`.
    func nominal(from time: Int64) -> Int64? {
        var time = time
        while true {
            let ruled = ruled(from: time) ?? .max
            let index = added.firstIndex(notBefore: Int(time))
            let next = index < added.count ? min(ruled, Int64(added[index])) : ruled
            guard next < .max else { return nil }
            let exception = removed.firstIndex(notBefore: Int(next))
            guard exception < removed.count, removed[exception] == Int(next) else { return next }
            time = next + 1
        }
    }

    /// The first instance of the rule that is not before `time`, minding UNTIL and COUNT.
    private func ruled(from time: Int64) -> Int64? {
        guard let compiled, time <= last else { return nil }
        var next = compiled.next(from: time)
        while let found = next, found <= last {
            guard let zone, lastInstant < .max,
                found - zone.reading(of: found).before.offset > lastInstant
            else { return found }
            next = compiled.next(from: found + 1)
        }
        return nil
    }
}

extension ZoneRules {
    /// The latest local time that means an instant not after `instant`, or one a little later.
    fileprivate func latestLocal(notAfter instant: Int64) -> Int64 {
        let segment = segment(at: instant)
        let before = self.segment(at: segment.start - 1)
        return max(instant + segment.offset, segment.start - 1 + before.offset)
    }
}
