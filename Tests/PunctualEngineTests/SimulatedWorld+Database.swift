// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

// What the database and the transport do, each operation a while after it was asked for.
extension SimulatedWorld {
    func acquire() {
        let sent = boot
        operate(
            { world in
                // Whatever is free, also what another engine would have taken and lost again.
                let taken = world.free
                for shard in taken { world.epochs[shard, default: 0] += 1 }
                world.free = []
                return world.answer(
                    taken.map { shard in
                        let epoch = world.epochs[shard] ?? 0
                        return StageRange(lease: ShardLease(shard: shard, epoch: epoch), from: nil)
                    }
                )
            },
            { answer, _ in .acquired(answer, sentAtNanoseconds: sent) },
            { world in
                // Whether it took effect or not, nobody holds them for long.
                world.free = Set(world.epochs.keys)
                return .acquisitionFailed
            }
        )
    }

    func renew(_ ranges: [StageRange]) {
        let sent = boot
        operate(
            { world in world.answer(ranges) },
            { answer, _ in .renewed(answer, sentAtNanoseconds: sent) },
            { _ in .renewalFailed }
        )
    }

    func answer(_ ranges: [StageRange]) -> LeaseAnswer {
        let held = ranges.filter { epochs[$0.lease.shard] == $0.lease.epoch }
        return LeaseAnswer(
            shards: held.map { range in
                let due = waiting(in: range).map(\.due).min()
                return ShardReport(lease: range.lease, earliestDue: due)
            },
            databaseTime: now.wall,
            listeners: 0,
            engines: engines
        )
    }

    func waiting(in range: StageRange) -> [ArmedReminder] {
        reminders.values.filter {
            $0.shard == range.lease.shard && $0.due >= range.from ?? $0.due
        }
    }

    func stage(_ request: EngineStateMachine.StageRequest) {
        operate(
            { world in world.staged(request) },
            { result, _ in .staged(result, request, took: .milliseconds(20)) },
            { _ in .stageFailed(request) }
        )
    }

    func staged(_ request: EngineStateMachine.StageRequest) -> StageResult {
        var result = StageResult(events: [], remaining: [:])
        for range in request.ranges where epochs[range.lease.shard] == range.lease.epoch {
            let all = waiting(in: range).sorted { ($0.due, $0.id) < ($1.due, $1.id) }
            let picked = all.filter { $0.due <= request.horizon }.prefix(request.limit)
            for reminder in picked {
                reminders[reminder.id] = nil
                let event = StagedEvent(
                    key: OutboxKey(
                        shard: reminder.shard,
                        sourceID: reminder.id,
                        nominal: reminder.nominal
                    ),
                    type: .reminderDue,
                    taskID: reminder.taskID,
                    userID: "dev",
                    due: reminder.due,
                    payload: "{\"task_id\":\(reminder.taskID),\"title\":\"simulated\"}"
                )
                outbox[event.key] = event
                result.events.append(event)
            }
            result.remaining[range.lease.shard] = .init(due: all.dropFirst(picked.count).first?.due)
        }
        return result
    }

    func recover(_ leases: [ShardLease], after key: OutboxKey?) {
        operate(
            { world in
                let keys = world.outbox.keys.filter { candidate in
                    leases.contains { $0.shard == candidate.shard }
                        && key.map {
                            ($0.shard, $0.sourceID) < (candidate.shard, candidate.sourceID)
                        } ?? true
                }
                return keys.sorted { ($0.shard, $0.sourceID) < ($1.shard, $1.sourceID) }.prefix(50)
                    .compactMap { world.outbox[$0] }
            },
            { events, _ in .recovered(events, isLast: events.count < 50) },
            { _ in .recoveryFailed }
        )
    }

    func release(_ events: [ReleasedEvent]) {
        for event in events {
            let id = event.key.sourceID
            if wall < event.due.microsecondsSinceEpoch { violations.append("\(id) was early") }
            if fates[id]?.isWithdrawn ?? true, fates[id]?.releases.isEmpty ?? true {
                violations.append("\(id) fired after its withdrawal")
            }
            fates[id]?.releases.append(wall)
            fates[id]?.ids.insert(event.id)
            if (fates[id]?.ids.count ?? 0) > 1 { violations.append("\(id) fired under two ids") }
        }
        acknowledge(events)
    }

    /// The relay tries for ever.
    func acknowledge(_ events: [ReleasedEvent]) {
        let life = self.life
        operate(
            { world in
                for event in events where world.epochs[event.key.shard] == event.epoch {
                    world.outbox[event.key] = nil
                    world.fates[event.key.sourceID]?.isLogged = true
                }
            },
            { _, _ in .acknowledged(events.map(\.key)) },
            { world in
                if world.life == life { world.acknowledge(events) }
                return .ticked
            }
        )
    }
}
