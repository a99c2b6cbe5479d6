// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

// The API: what TaskService does with a change.
extension SimulatedProcess {
    func carryOut(_ order: Order) {
        change(
            task: order.task,
            isHintLost: world.lostHints.contains(order.id)
        ) { $0.apply(order, epoch: SimulatedWorld.epoch) }
    }

    /// Derives instants anew with a tzdata that was installed meanwhile, one task after another.
    func deriveAnew(by shift: Int64) {
        guard isUp, suspendedUntil <= world.now else { return }
        let (tzdata, shards) = (nextTzdata(), Set(leases.map(\.shard)))
        ask(
            .change,
            { $0.zoned(in: shards, before: tzdata) },
            { [self] tasks in
                let wall = wall
                for task in tasks {
                    change(task: task, isHintLost: false) {
                        $0.deriveAnew(task, tzdata: tzdata, by: shift, at: wall)
                    }
                }
            },
            {}
        )
    }

    private func change(
        task: Int64,
        isHintLost: Bool,
        _ effect: @escaping (SimulatedDatabase) -> SimulatedDatabase.Outcome
    ) {
        var locks: [Int64] = []
        ask(
            .change,
            // The first that it touches is locked until it commits.
            before: { locks += $0.lock(task: task) },
            { database in
                database.unlock(locks)
                locks = []
                return effect(database)
            },
            { [self] in follow($0, isHintLost: isHintLost) },
            // The client does not know what became of it.
            {}
        )
    }

    /// What follows a commit: events leave, the engine is told, and what was staged is taken back.
    func follow(_ outcome: SimulatedDatabase.Outcome, isHintLost: Bool) {
        let now = WallInstant(microsecondsSinceEpoch: wall)
        let events = outcome.published.map { $0.released(at: max(now, $0.due)) }
        for event in events {
            world.ledger.released(
                event,
                process: index,
                life: life,
                isOwner: true,
                at: world.wall
            )
        }
        relay.release(events, isEngine: false)
        if let first = outcome.armed.first, !isHintLost {
            // One who only believes that the shard is his is of no use.
            if leases.contains(where: { $0.shard == first.shard && world.database.holds($0) }) {
                for row in outcome.armed { world.ledger.hinted(row.key, at: world.wall) }
            }
            take(.hinted(shard: first.shard, due: first.due))
        }
        if !isHintLost { tellOthers(outcome) }
        for key in outcome.waiting { world.ledger.promisedSilent(key, at: world.wall) }
        guard !outcome.staged.isEmpty else { return }
        let confirmed = withdraw(outcome.staged)
        guard !confirmed.isEmpty else { return }
        let number = number
        ask(
            .confirm,
            { database in
                let ranges = Set(confirmed.values).map { StageRange(lease: $0, from: nil) }
                let answer = database.renew(ranges, number, lease: 10_000_000_000)
                return Set(answer.shards.map(\.lease))
            },
            { [world] held in
                for (key, lease) in confirmed where held.contains(lease) {
                    world.ledger.promisedSilent(key, at: world.wall)
                }
            },
            {}
        )
    }

    /// The notification by which engines of other processes hear of a change, a while later; none if
    /// this one believes that the shard is its own.
    private func tellOthers(_ outcome: SimulatedDatabase.Outcome) {
        let shard = outcome.armed.first?.shard ?? outcome.staged.first?.shard
        guard !leases.contains(where: { $0.shard == shard }) else { return }
        for other in world.processes where other.index != index && other.isUp {
            world.after(nanoseconds: 5_000_000, for: other) {
                for row in outcome.armed { other.take(.hinted(shard: row.shard, due: row.due)) }
                if !outcome.staged.isEmpty { _ = other.withdraw(outcome.staged) }
            }
        }
    }
}
