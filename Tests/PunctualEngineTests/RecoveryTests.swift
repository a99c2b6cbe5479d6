// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime
import Testing

/// What was left behind is read again until that succeeds.
@Suite struct RecoveryTests {
    private var now = Moment(
        wall: WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000),
        bootNanoseconds: 1_000_000_000
    )

    private func acquired(_ shard: Int16) -> EngineStateMachine.Input {
        let report = ShardReport(lease: ShardLease(shard: shard, epoch: 1), earliestDue: nil)
        let answer = LeaseAnswer(shards: [report], databaseTime: now.wall, listeners: 0)
        return .acquired(answer, sentAtNanoseconds: now.bootNanoseconds)
    }

    @Test mutating func `a recovery that failed is repeated with the next renewal`() {
        var machine = EngineStateMachine(configuration: .init(), shardCount: 1, now: now)
        _ = machine.handle(.started, at: now)
        #expect(machine.handle(acquired(0), at: now).recoveries.count == 1)
        for _ in 0..<3 {
            #expect(machine.handle(.recoveryFailed, at: now).recoveries.isEmpty)
            now.wall = now.wall.adding(microseconds: 1_000_000)
            now.bootNanoseconds += 1_000_000_000
            #expect(machine.handle(.renewalDue, at: now).recoveries.count == 1)
        }
    }

    @Test func `what is acquired during a recovery is recovered right after it`() {
        var machine = EngineStateMachine(configuration: .init(), shardCount: 2, now: now)
        _ = machine.handle(.started, at: now)
        #expect(machine.handle(acquired(0), at: now).recoveries.map { $0.map(\.shard) } == [[0]])
        #expect(machine.handle(acquired(1), at: now).recoveries.isEmpty)
        let next = machine.handle(.recovered([], isLast: true), at: now)
        #expect(next.recoveries.map { $0.map(\.shard) } == [[1]])
    }
}

extension [EngineStateMachine.Action] {
    /// The leases of each recovery that is begun.
    fileprivate var recoveries: [[ShardLease]] {
        compactMap { action in
            if case .recover(let leases, after: nil) = action { leases } else { nil }
        }
    }
}
