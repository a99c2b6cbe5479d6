// SPDX-License-Identifier: Apache-2.0

import PunctualDelivery
import Testing

@Suite struct RetryPolicyTests {
    @Test func `the ceiling doubles up to the cap`() {
        let policy = RetryPolicy()
        let ceilings = (1...14).map { policy.ceiling(afterAttempt: $0) }
        #expect(ceilings.prefix(12) == (0..<12).map { .seconds(1 << $0) }[...])
        #expect(ceilings.suffix(2) == [.seconds(3_600), .seconds(3_600)])
        #expect(policy.ceiling(afterAttempt: .max) == .seconds(3_600))
        #expect(policy.ceiling(afterAttempt: .min) == .seconds(1))
    }

    @Test(arguments: 1...20) func `delays are spread evenly below the ceiling`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let policy = RetryPolicy()
        for attempt in [1, 2, 5, 12, 13, 35] {
            let ceiling = policy.ceiling(afterAttempt: attempt)
            let delays = (0..<400).map { _ in
                policy.delay(afterAttempt: attempt, using: &generator)
            }
            #expect(delays.allSatisfy { .zero <= $0 && $0 <= ceiling }, "seed \(seed)")
            let mean = delays.reduce(.zero, +) / 400
            #expect(ceiling / 100 * 40 < mean && mean < ceiling / 100 * 60, "seed \(seed)")
            let lowest = delays.min() ?? ceiling
            #expect(lowest < ceiling / 10, "full jitter begins at zero; seed \(seed)")
        }
    }

    @Test func `the default goes on for half a day on average`() {
        let policy = RetryPolicy()
        let total = (1..<policy.maximumAttempts).map { policy.ceiling(afterAttempt: $0) }
            .reduce(.zero, +)
        #expect(total / 2 > .seconds(12 * 3_600) && total / 2 < .seconds(13 * 3_600))
    }

    @Test func `waits as long as it is asked to, within the cap`() {
        let policy = RetryPolicy(base: .seconds(1), cap: .seconds(60))
        #expect(policy.delay(afterAttempt: 1, requested: .seconds(30)) >= .seconds(30))
        #expect(policy.delay(afterAttempt: 1, requested: .seconds(86_400)) == .seconds(60))
        #expect(policy.delay(afterAttempt: 1, requested: .seconds(-5)) >= .zero)
    }
}
