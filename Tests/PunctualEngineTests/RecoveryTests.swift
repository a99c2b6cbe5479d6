// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime
import Testing

/// What was left behind is read again until that succeeds.
@Suite struct RecoveryTests {
    @Test func `a recovery that failed is repeated with the next renewal`() {
        var now = Moment(
            wall: WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000),
            bootNanoseconds: 1_000_000_000
        )
        var machine = EngineStateMachine(configuration: .init(), shardCount: 1, now: now)
        _ = machine.handle(.started, at: now)
        let answer = LeaseAnswer(
            shards: [ShardReport(lease: ShardLease(shard: 0, epoch: 1), earliestDue: nil)],
            databaseTime: now.wall,
            listeners: 0
        )
        let acquired = machine.handle(
            .acquired(answer, sentAtNanoseconds: now.bootNanoseconds),
            at: now
        )
        #expect(acquired.haveRecovery)
        for _ in 0..<3 {
            let failed = machine.handle(.recoveryFailed, at: now)
            #expect(!failed.haveRecovery)
            now.wall = now.wall.adding(microseconds: 1_000_000)
            now.bootNanoseconds += 1_000_000_000
            let renewed = machine.handle(.renewalDue, at: now)
            #expect(renewed.haveRecovery)
        }
    }
}

extension [EngineStateMachine.Action] {
    fileprivate var haveRecovery: Bool {
        contains { action in if case .recover = action { true } else { false } }
    }
}
