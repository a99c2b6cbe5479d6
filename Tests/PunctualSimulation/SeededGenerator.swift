// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: small, fast, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    /// A number from 0 up to `bound`, which it does not reach.
    mutating func below(_ bound: Int64) -> Int64 { Int64(next() % UInt64(max(1, bound))) }

    /// Whether something happens that does so once in `count` times.
    mutating func once(in count: Int64) -> Bool { below(count) == 0 }

    /// One of several, each as likely as the others.
    mutating func one<Element>(of choices: [Element]) -> Element {
        choices[Int(below(Int64(choices.count)))]
    }

    /// A number that depends on nothing but these: what is left out elsewhere does not change it.
    static func draw(_ parts: UInt64...) -> UInt64 {
        parts.reduce(0x51_7c_c1_b7_27_22_0a_95) { mixed(($0 ^ $1) &+ 0x9e37_79b9_7f4a_7c15) }
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
