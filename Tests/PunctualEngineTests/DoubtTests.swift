// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime
import Testing

/// When an engine believes that a shard is its own, and what it says of it then.
@Suite struct DoubtTests {
    @Test func `an answer from before a suspension does not make the leases good again`() {
        var engine = OneShard()
        engine.take(.staged(engine.staging(1, dueAfter: 2), engine.request, took: .zero))
        let renewal = engine.now.bootNanoseconds
        engine.take(.renewalDue)
        // Suspended with the renewal on its way, for longer than the lease.
        engine.pass(seconds: 12)
        let late = engine.take(.renewed(engine.answer, sentAtNanoseconds: renewal))
        #expect(late.released.isEmpty)
        let fresh = engine.take(
            .renewed(engine.answer, sentAtNanoseconds: engine.now.bootNanoseconds)
        )
        #expect(fresh.released.map(\.key.sourceID) == [1])
    }

    @Test func `an event that is not in memory is only confirmed when no former owner can have it`()
    {
        var engine = OneShard()
        let key = OutboxKey(
            shard: 0,
            sourceID: 9,
            nominal: CivilDateTime(secondsSinceEpoch: engine.now.wall.secondsSinceEpoch + 60)
        )
        engine.pass(seconds: 9)
        #expect(engine.machine.withdraw([key], at: engine.now).isEmpty)
        engine.pass(seconds: 2)
        #expect(engine.machine.withdraw([key], at: engine.now)[key] != nil)
    }

    @Test func `an engine whose oldest reminder does not get on is not ready`() {
        var engine = OneShard()
        engine.take(.hinted(shard: 0, due: engine.now.wall))
        for second in 1...20 {
            engine.pass(seconds: 1)
            engine.take(
                .renewed(engine.answer, sentAtNanoseconds: engine.now.bootNanoseconds)
            )
            let reason = engine.machine.status(at: engine.now).unreadyReason
            #expect((reason != nil) == (second > 10), "after \(second) s: \(reason ?? "ready")")
        }
    }

    @Test func `an engine that catches up slowly is ready`() {
        var engine = OneShard()
        engine.take(.hinted(shard: 0, due: engine.now.wall))
        engine.pass(seconds: 60)
        engine.take(.renewed(engine.answer, sentAtNanoseconds: engine.now.bootNanoseconds))
        for id in 1...10 {
            engine.take(
                .staged(engine.staging(Int64(id), dueAfter: -60), engine.request, took: .zero)
            )
            engine.pass(seconds: 1)
            engine.take(
                .renewed(engine.answer, sentAtNanoseconds: engine.now.bootNanoseconds)
            )
            #expect(engine.machine.status(at: engine.now).unreadyReason == nil)
        }
    }
}

/// An engine that has just taken over the one shard that there is.
private struct OneShard: ~Copyable {
    var now = Moment(
        wall: WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000),
        bootNanoseconds: 1_000_000_000
    )
    var machine: EngineStateMachine
    let lease = ShardLease(shard: 0, epoch: 1)

    init() {
        machine = EngineStateMachine(configuration: .init(), shardCount: 1, now: now)
        take(.started)
        take(.acquired(answer, sentAtNanoseconds: now.bootNanoseconds))
        take(.recovered([], isLast: true))
    }

    var answer: LeaseAnswer {
        LeaseAnswer(
            shards: [ShardReport(lease: lease, earliestDue: nil)],
            databaseTime: now.wall,
            listeners: 0
        )
    }

    var request: EngineStateMachine.StageRequest {
        .init(
            ranges: [StageRange(lease: lease, from: nil)],
            horizon: now.wall,
            limit: 1,
            isCatchUp: false
        )
    }

    func staging(_ id: Int64, dueAfter seconds: Int64) -> StageResult {
        let due = now.wall.adding(microseconds: seconds * 1_000_000)
        let event = StagedEvent(
            key: OutboxKey(
                shard: 0,
                sourceID: id,
                nominal: CivilDateTime(secondsSinceEpoch: due.secondsSinceEpoch)
            ),
            type: .reminderDue,
            taskID: id,
            userID: "u",
            due: due,
            payload: "{}"
        )
        return StageResult(events: [event], remaining: [:])
    }

    /// Time in which the loop does not turn.
    mutating func pass(seconds: Int64) {
        now.wall = now.wall.adding(microseconds: seconds * 1_000_000)
        now.bootNanoseconds += UInt64(seconds) * 1_000_000_000
    }

    @discardableResult
    mutating func take(_ input: EngineStateMachine.Input) -> [EngineStateMachine.Action] {
        machine.handle(input, at: now)
    }
}

extension [EngineStateMachine.Action] {
    fileprivate var released: [ReleasedEvent] {
        reduce(into: []) { all, action in if case .release(let events) = action { all += events } }
    }
}
