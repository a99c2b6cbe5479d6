// SPDX-License-Identifier: Apache-2.0

import PunctualTime
import Testing

/// Thousands of random sets, each against a slow reading of the RFC; a failure names its seed.
struct RecurrencePropertyTests {
    @Test func `expands random rules as a literal reading of the RFC does`() {
        for seed in seeds(50) {
            var random = RandomRecurrence(seed: seed)
            let (dtstart, rule) = (random.dtstart(), random.rule())
            let horizon = random.horizon(of: rule, from: dtstart)
            let expected = RecurrenceOracle(rule: rule, dtstart: dtstart).instances(until: horizon)
            let set = RecurrenceSet(dtstart: dtstart, zone: nil, rule: rule)
            let found = set.occurrences().lazy.map(\.nominal).prefix { $0 <= horizon }
            #expect(Array(found) == expected, "seed \(seed): \(dtstart.basic) \(rule)")
        }
    }

    @Test func `adds RDATEs and removes EXDATEs`() {
        for seed in seeds(40) {
            var random = RandomRecurrence(seed: seed)
            let (dtstart, rule) = (random.dtstart(), random.rule())
            let horizon = random.horizon(of: rule, from: dtstart)
            let ruled = RecurrenceOracle(rule: rule, dtstart: dtstart).instances(until: horizon)
            let extra = (0..<4).map { dtstart.adding(seconds: Int64($0) * 3601) } + ruled.prefix(1)
            let removed = random.generator.sample(ruled + extra, upTo: 5)
            let expected = Set(ruled + extra.filter { $0 <= horizon }).subtracting(removed)
            let set = RecurrenceSet(
                dtstart: dtstart,
                zone: nil,
                rule: rule,
                rdates: extra + extra,
                exdates: removed
            )
            let found = set.occurrences().lazy.map(\.nominal).prefix { $0 <= horizon }
            #expect(Array(found) == expected.sorted(), "seed \(seed): \(dtstart.basic) \(rule)")
        }
    }

    @Test func `finds after any instant what a whole list says comes next`() throws {
        let zones = try interestingZones.map { try systemZone($0) }
        for seed in seeds(60) {
            var random = RandomRecurrence(seed: seed)
            let zone = random.generator.pick(zones)
            var dtstart = random.dtstart()
            // Half of them start shortly before a clock change, where order and instants differ.
            if random.generator.chance(50),
                let change = zone.nextTransition(after: WallInstant(utc: dtstart))
            {
                dtstart = zone.localTime(at: change).adding(seconds: -7200)
            }
            let rule = random.rule()
            let dst = DSTPolicy(
                gap: random.generator.pick(GapPolicy.allCases),
                fold: random.generator.pick(FoldPolicy.allCases)
            )
            let set = RecurrenceSet(dtstart: dtstart, zone: zone, rule: rule, dst: dst)
            let listed = Array(set.occurrences().prefix(400))
            for _ in 0..<20 {
                let span = random.generator.pick([14_400, 86_400, 40_000_000])
                let after = WallInstant(utc: dtstart).adding(
                    microseconds: Int64.random(
                        in: -50_000...Int64(span),
                        using: &random.generator
                    ) * 1_000_000
                )
                // The list must reach beyond everything that could still be the answer.
                let later = listed.filter { $0.instant.map { $0 > after } ?? false }
                let expected = later.compactMap(\.instant).min()
                if listed.count == 400 {
                    guard let expected, let last = listed.last?.instant,
                        expected.adding(microseconds: 172_800_000_000) < last
                    else { continue }
                }
                #expect(
                    set.next(after: after)?.instant == expected,
                    "seed \(seed): \(dtstart.basic) \(zone.identifier) \(rule) \(dst) \(after)"
                )
            }
        }
    }

    @Test func `starts a list anywhere without changing it`() {
        for seed in seeds(40) {
            var random = RandomRecurrence(seed: seed)
            let (dtstart, rule) = (random.dtstart(), random.rule())
            let set = RecurrenceSet(dtstart: dtstart, zone: nil, rule: rule)
            let listed = set.occurrences().prefix(60).map(\.nominal)
            for (index, nominal) in listed.enumerated() where index % 7 == 0 {
                let rest = set.occurrences(from: nominal).prefix(60 - index).map(\.nominal)
                #expect(rest == Array(listed[index...]), "seed \(seed): \(dtstart.basic) \(rule)")
                let next = index + 1 < listed.count ? listed[index + 1] : nil
                guard next != nil || listed.count < 60 else { continue }
                #expect(set.next(afterLocal: nominal)?.nominal == next, "seed \(seed): \(rule)")
            }
        }
    }
}
