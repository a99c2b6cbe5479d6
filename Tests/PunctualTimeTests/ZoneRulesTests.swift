// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTime
import Testing

struct ZoneRulesTests {
    /// Instants and the local times that `zdump` and Python's zoneinfo give for them.
    @Test(arguments: [
        ("Europe/Dublin", "20260115T120000Z", "20260115T120000"),
        ("Europe/Dublin", "20260715T120000Z", "20260715T130000"),
        ("Europe/Dublin", "20770715T120000Z", "20770715T130000"),
        ("Australia/Lord_Howe", "20260115T120000Z", "20260115T230000"),
        ("Australia/Lord_Howe", "20600715T120000Z", "20600715T223000"),
        ("Pacific/Apia", "20111230T095959Z", "20111229T235959"),
        ("Pacific/Apia", "20111230T100000Z", "20111231T000000"),
        ("America/Nuuk", "20220701T120000Z", "20220701T100000"),
        ("America/Nuuk", "20500701T120000Z", "20500701T110000"),
        ("America/Nuuk", "20500101T120000Z", "20500101T100000"),
        ("Asia/Tehran", "20220701T120000Z", "20220701T163000"),
        ("Asia/Tehran", "20400701T120000Z", "20400701T153000"),
        ("Pacific/Kiritimati", "20260701T120000Z", "20260702T020000"),
        ("America/New_York", "21000704T120000Z", "21000704T080000"),
        ("Pacific/Auckland", "21000104T120000Z", "21000105T010000"),
        ("America/New_York", "18800101T000000Z", "18791231T190358"),
    ])
    func `knows local time, past and far future`(zone: String, utc: String, local: String) throws {
        let rules = try systemZone(zone)
        let instant = try WallInstant(basic: utc)
        #expect(rules.localTime(at: instant).basic == local)
        let back = rules.resolve(try CivilDateTime(local))
        #expect(back.instant == instant)
        #expect(back.kind == .unique)
    }

    @Test func `agrees with Foundation on past offsets`() throws {
        for name in interestingZones {
            let (rules, zone) = (try systemZone(name), try #require(TimeZone(identifier: name)))
            // The two may come from different releases, which agree on these years.
            for day in stride(from: 11_000, to: 18_200, by: 5) {
                let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 6_200)
                let instant = WallInstant(secondsSinceEpoch: Int64(day) * 86_400 + 6_200)
                let expected = zone.secondsFromGMT(for: date)
                guard Int(rules.offset(at: instant)) != expected else { continue }
                Issue.record("\(name) \(instant)")
                break
            }
        }
    }

    @Test func `turns every local time into the instants that show it`() throws {
        for (index, name) in interestingZones.enumerated() {
            let rules = try systemZone(name)
            var generator = SeededGenerator(seed: UInt64(index))
            var change = WallInstant(secondsSinceEpoch: 0)
            for _ in 0..<60 {
                guard let next = rules.nextTransition(after: change) else { break }
                change = next
                let offset = Int64(rules.offset(at: change))
                for _ in 0..<6 {
                    let distance = Int64.random(in: -100_000...100_000, using: &generator)
                    let local = CivilDateTime(
                        secondsSinceEpoch: change.secondsSinceEpoch + offset + distance
                    )
                    try check(local, rules)
                }
            }
        }
    }

    /// Tries every offset within two days and compares with what the rules resolve to.
    private func check(_ local: CivilDateTime, _ rules: ZoneRules) throws {
        let seconds = local.secondsSinceEpoch
        let offsets = Set(
            stride(from: -172_800, through: 172_800, by: 3600).map {
                Int64(rules.offset(at: WallInstant(secondsSinceEpoch: seconds + $0)))
            }
        )
        let shown = offsets.map { WallInstant(secondsSinceEpoch: seconds - $0) }
            .filter { rules.localTime(at: $0) == local }.sorted()
        let message: Comment = "\(rules.identifier) \(local)"
        let first = rules.resolve(local)
        switch shown.count {
        case 0:
            try #require(first.kind == .gap, message)
            let end = rules.resolve(local, gap: .nextValid).instant
            // The gap's end is the first instant whose local time is later.
            try #require(rules.localTime(at: end) > local, message)
            let before = end.adding(microseconds: -1_000_000)
            try #require(rules.localTime(at: before) < local, message)
            let offset = Int64(rules.offset(at: before))
            try #require(first.instant.secondsSinceEpoch == seconds - offset, message)
        case 1:
            try #require(first.kind == .unique && first.instant == shown[0], message)
        default:
            let last = rules.resolve(local, fold: .last)
            try #require(first.kind == .fold && first.instant == shown.first, message)
            try #require(last.instant == shown.last, message)
        }
    }

    @Test(arguments: [
        ("<+03>-3", "20300701T000000Z", 10_800),
        ("EST5EDT,M3.2.0,M11.1.0", "20300701T000000Z", -14_400),
        ("EST5EDT,M3.2.0,M11.1.0", "20300301T000000Z", -18_000),
        // Ireland: winter is the time that daylight saving adds, minus one hour.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "20300101T000000Z", 0),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "20300701T000000Z", 3600),
        // Greenland: clocks change on the evening before, an hour before midnight.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "20300330T235959Z", -7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "20300331T010000Z", -3600),
        // Daylight saving all year, as RFC 9636 writes it.
        ("XXX3EDT4,0/0,J365/23", "20300101T030000Z", -14_400),
        ("XXX3EDT4,0/0,J365/23", "20300701T000000Z", -14_400),
        ("AAA0BBB,J60/0,J300/0", "20320301T000000Z", 3600),
        ("AAA0BBB,J60/0,J300/0", "20320229T235959Z", 0),
        ("AAA0BBB,59/0,300/0", "20320229T000000Z", 3600),
        ("AAA0BBB,M1.1.1/167,M12.5.5", "20300114T000000Z", 3600),
    ])
    func `follows every form of footer rule`(rule: String, utc: String, offset: Int) throws {
        let zone = try ZoneRules(identifier: "Test/Zone", tzif: file(footer: rule))
        #expect(Int(zone.offset(at: try WallInstant(basic: utc))) == offset)
    }

    @Test(arguments: [
        "A0", "AAA", "AAA25", "AAA0BBB", "AAA0BBB,M3.2.0", "AAA0BBB,M13.1.0,M11.1.0", "<+03-3",
        "AAA0BBB,M3.6.0,M11.1.0", "AAA0BBB,J0,J5", "AAA0BBB,366,1", "AAA0BBB,M3.2.0/168,M11.1.0",
        "AAA0BBB,M3.2.0,M11.1.0,", "é0", "<é>0<", "AAA0:60",
    ])
    func `refuses a footer it cannot read`(rule: String) {
        #expect(throws: ZoneError.self) {
            try ZoneRules(identifier: "Test/Zone", tzif: file(footer: rule))
        }
    }

    @Test func `never traps on damaged files`() throws {
        let url = URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Dublin")
        let bytes = Array(try Data(contentsOf: url))
        for length in 0..<bytes.count where length % 7 == 0 || length < 100 {
            #expect(throws: ZoneError.self) {
                try ZoneRules(identifier: "cut", tzif: Array(bytes.prefix(length)))
            }
        }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                damaged[index] = UInt8.random(in: 0...255, using: &generator)
            }
            // Either it is refused or it answers; both are fine.
            guard let zone = try? ZoneRules(identifier: "damaged", tzif: damaged) else { continue }
            for seconds in [Int64.min, -1_000_000_000, 0, 2_000_000_000, .max] {
                _ = zone.nextTransition(after: WallInstant(secondsSinceEpoch: seconds))
                _ = zone.resolve(CivilDateTime(secondsSinceEpoch: seconds))
            }
        }
    }

    /// A TZif file without transitions that ends in `footer`.
    private func file(footer: String) -> [UInt8] {
        let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        let counts: [UInt8] = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4,
        ]
        let block: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        return header + counts + block + header + counts + block + Array("\n\(footer)\n".utf8)
    }
}
