// SPDX-License-Identifier: Apache-2.0

import PunctualWheel
import Testing

@Suite struct TickTests {
    @Test(arguments: [(0, 0), (1, 1), (127, 1), (128, 1), (129, 2), (256, 2)] as [(Int64, UInt64)])
    func `rounds a due instant up`(microseconds: Int64, tick: UInt64) {
        #expect(Tick(roundingUp: microseconds).rawValue == tick)
    }

    @Test(arguments: [(0, 0), (1, 0), (127, 0), (128, 1), (255, 1), (256, 2)] as [(Int64, UInt64)])
    func `rounds a clock reading down`(microseconds: Int64, tick: UInt64) {
        #expect(Tick(roundingDown: microseconds).rawValue == tick)
    }

    @Test(arguments: [1, 1_790_000_000_123_457, 32_503_680_000_000_001] as [Int64])
    func `is never early, and less than a tick late`(due: Int64) {
        let tick = Tick(roundingUp: due)
        #expect(tick.microsecondsSinceEpoch - due >= 0)
        #expect(tick.microsecondsSinceEpoch - due < Tick.microseconds)
        #expect(Tick(roundingDown: tick.microsecondsSinceEpoch) == tick)
        #expect(Tick(roundingDown: tick.microsecondsSinceEpoch - 1) < tick)
    }

    @Test func `takes any instant without a trap`() {
        #expect(Tick(roundingUp: .min).rawValue == 0)
        #expect(Tick(roundingDown: -1).rawValue == 0)
        #expect(Tick(roundingUp: .max).rawValue == 1 << 56)
        #expect(Tick(rawValue: .max).microsecondsSinceEpoch == .max - 127)
    }

    @Test func `has a horizon more than a thousand years after the epoch`() {
        let microsecondsPerYear: Int64 = 31_556_952 * 1_000_000
        #expect(Tick.horizon.microsecondsSinceEpoch / microsecondsPerYear == 1_141)
    }
}
