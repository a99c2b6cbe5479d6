// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTime
import Synchronization

/// The rules of `identifier` from this machine's zone files, read once.
func systemZone(_ identifier: String) throws -> ZoneRules {
    try zones.withLock { zones in
        if let zone = zones[identifier] { return zone }
        let url = URL(fileURLWithPath: "/usr/share/zoneinfo").appendingPathComponent(identifier)
        let zone = try ZoneRules(identifier: identifier, tzif: Array(Data(contentsOf: url)))
        zones[identifier] = zone
        return zone
    }
}

private let zones = Mutex<[String: ZoneRules]>([:])

/// How many random seeds a property is tried with; `PUNCTUAL_TEST_SEEDS` multiplies it.
func seeds(_ count: UInt64) -> ClosedRange<UInt64> {
    let factor = ProcessInfo.processInfo.environment["PUNCTUAL_TEST_SEEDS"].flatMap { UInt64($0) }
    return 1...count * max(factor ?? 1, 1)
}

/// Zones that do what zones can do: negative daylight time, half hours, skipped days, rules that
/// follow Ramadan, offsets beyond twelve hours, and nothing at all.
let interestingZones = [
    "UTC", "Europe/Berlin", "America/New_York", "Africa/Casablanca", "Europe/Dublin",
    "Australia/Lord_Howe", "America/Nuuk", "Pacific/Apia", "Asia/Tehran", "America/St_Johns",
    "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Auckland", "Pacific/Kiritimati",
    "America/Santiago", "Antarctica/Troll", "Asia/Gaza", "Africa/El_Aaiun", "Asia/Kathmandu",
]

/// A small generator whose seed says all, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One of `values`, which must not be empty.
    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &self)]
    }

    /// One to `count` of `values`.
    mutating func sample<Value>(_ values: [Value], upTo count: Int) -> [Value] {
        Array(values.shuffled(using: &self).prefix(Int.random(in: 1...count, using: &self)))
    }

    /// True `percent` times in a hundred.
    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }
}
