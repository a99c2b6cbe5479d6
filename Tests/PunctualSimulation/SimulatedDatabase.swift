// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime

/// The contract of the SQL in `PunctualStore`, each statement whole and at one instant.
final class SimulatedDatabase {
    /// A row of `shards`.
    struct ShardRow {
        var epoch: Int64 = 0
        var owner: Int32?
        var expires: UInt64 = 0
        /// Whether the last owner's lease had run out, so that he must have known.
        var wasExpired = true
    }

    /// A row of `tasks`, with its one reminder.
    struct TaskRow {
        var shard: Int16
        var reminder: Int64
        var rollover: Int64?
        var due: Int64
        var traits: TaskTraits
        var tzdata = 0
        var version = 1
        var isGone = false
    }

    /// Where a change found what it took back.
    struct Outcome {
        var waiting: [OutboxKey] = []
        var staged: [OutboxKey] = []
        var armed: [ArmedReminder] = []
        var published: [StagedEvent] = []
    }

    /// How many reminders make a crowd; the real one is this many times as large.
    static let crowdScale = 20

    let ledger: Ledger
    var shards: [ShardRow]
    var reminders: [Int64: ArmedReminder] = [:]
    /// Rows of `reminders` that a change in flight has locked.
    var locked: [Int64: Int] = [:]
    var outbox: [OutboxKey: StagedEvent] = [:]
    var engines: [Int32: UInt64] = [:]
    var sessions: Set<Int32> = []
    var tasks: [Int64: TaskRow] = [:]
    var successors: [Int64: Int64] = [:]
    private var lastID: Int64 = 1_000
    private var lastEngine: Int32 = 0
    /// The time on a clock that all share, in nanoseconds, and as an instant in microseconds.
    var now: UInt64 = 0
    var wall: Int64 = 0

    init(traits: WorldTraits, ledger: Ledger) {
        self.ledger = ledger
        shards = Array(repeating: ShardRow(), count: traits.shards)
    }

    func nextID() -> Int64 {
        lastID += 1
        return lastID
    }

    func nextEngine() -> Int32 {
        lastEngine += 1
        return lastEngine
    }
}

// Leases: lease_acquire.sql, lease_renew.sql, lease_release.sql.
extension SimulatedDatabase {
    private func seen(_ engine: Int32, lease: UInt64) -> Int {
        sessions.insert(engine)
        engines[engine] = now
        return engines.count { other, seenAt in
            other == engine || seenAt + lease > now && sessions.contains(other)
        }
    }

    func acquire(_ engine: Int32, lease: UInt64, holding: Set<Int16>) -> LeaseAnswer {
        let count = seen(engine, lease: lease)
        let room = (shards.count + count - 1) / count - holding.count
        let free = shards.indices.filter { index in
            let row = shards[index]
            guard let owner = row.owner else { return true }
            return row.expires < now
                || (owner == engine ? !holding.contains(Int16(index)) : !sessions.contains(owner))
        }
        let taken = free.prefix(max(0, room))
        for index in taken {
            shards[index].wasExpired = shards[index].owner == nil || shards[index].expires < now
            shards[index].owner = engine
            shards[index].epoch += 1
            shards[index].expires = now + lease
        }
        return LeaseAnswer(
            shards: taken.map { index in
                let shard = Int16(index)
                return ShardReport(
                    lease: ShardLease(shard: shard, epoch: shards[index].epoch),
                    earliestDue: waiting(in: shard, from: nil).first?.due
                )
            },
            databaseTime: WallInstant(microsecondsSinceEpoch: wall),
            listeners: 0,
            engines: count
        )
    }

    func renew(_ ranges: [StageRange], _ engine: Int32, lease: UInt64) -> LeaseAnswer {
        let count = seen(engine, lease: lease)
        let held = ranges.filter { range in
            let row = shards[Int(range.lease.shard)]
            return row.epoch == range.lease.epoch && row.owner == engine
        }
        for range in held { shards[Int(range.lease.shard)].expires = now + lease }
        return LeaseAnswer(
            shards: held.map { range in
                let rows = waiting(in: range.lease.shard, from: range.from)
                let (middle, end) = (500 / Self.crowdScale, 1_000 / Self.crowdScale)
                return ShardReport(
                    lease: range.lease,
                    earliestDue: rows.first?.due,
                    crowd: rows.count < end
                        ? nil : .init(middle: rows[middle - 1].due, end: rows[end - 1].due)
                )
            },
            databaseTime: WallInstant(microsecondsSinceEpoch: wall),
            listeners: 0,
            // Without a row there is nothing to read the count from.
            engines: held.isEmpty ? 1 : count
        )
    }

    /// Answers whether there is something for others to take.
    func release(_ leases: [ShardLease], _ engine: Int32, isLast: Bool) -> Bool {
        var isGiven = false
        for lease in leases {
            let row = shards[Int(lease.shard)]
            guard row.epoch == lease.epoch, row.owner == engine else { continue }
            shards[Int(lease.shard)].owner = nil
            shards[Int(lease.shard)].expires = 0
            isGiven = true
        }
        if isLast { engines[engine] = nil }
        return isGiven
    }

    func holds(_ lease: ShardLease) -> Bool { shards[Int(lease.shard)].epoch == lease.epoch }

    func waiting(in shard: Int16, from low: WallInstant?) -> [ArmedReminder] {
        reminders.values.filter { $0.shard == shard && $0.due >= low ?? $0.due }
            .sorted { ($0.due, $0.id) < ($1.due, $1.id) }
    }
}

// Staging, reading and acknowledging: stage.sql, outbox_page.sql, outbox_read.sql, acknowledge.sql.
extension SimulatedDatabase {
    func stage(
        _ ranges: [StageRange],
        upTo horizon: WallInstant,
        limit: Int,
        judgedAt wall: WallInstant
    ) -> StageResult {
        var result = StageResult(events: [], remaining: [:])
        for range in ranges where holds(range.lease) {
            let rows = waiting(in: range.lease.shard, from: range.from)
            let picked = rows.filter { $0.due <= horizon && locked[$0.id] == nil }.prefix(limit)
            for row in picked {
                reminders[row.id] = nil
                let event = staged(row, judgedAt: wall)
                outbox[event.key] = outbox[event.key] ?? event
                result.events.append(event)
            }
            let next = picked.count < rows.count ? rows[picked.count] : nil
            let isPassedOver =
                next.map { next in
                    picked.last.map { (next.due, next.id) <= ($0.due, $0.id) } ?? false
                        || picked.count < limit && next.due <= horizon
                } ?? false
            result.remaining[range.lease.shard] = .init(due: next?.due, hasLocked: isPassedOver)
        }
        return result
    }

    private func staged(_ row: ArmedReminder, judgedAt wall: WallInstant) -> StagedEvent {
        let grace = Int64(row.misfire.graceMilliseconds) * 1_000
        let isSkipped = row.misfire.action == .skip && row.due.adding(microseconds: grace) < wall
        let type: EventType =
            row.kind == .rollover ? .rollover : isSkipped ? .skipped : .reminderDue
        return StagedEvent(
            key: row.key,
            type: type,
            taskID: row.taskID,
            userID: "dev",
            due: row.due,
            payload: "{\"task_id\":\(row.taskID),\"title\":\"simulated\"}"
        )
    }

    func page(_ shards: Set<Int16>, after key: OutboxKey?, limit: Int) -> [StagedEvent] {
        outbox.values.filter { event in
            shards.contains(event.key.shard) && key.map { $0.precedes(event.key) } ?? true
        }.sorted { $0.key.precedes($1.key) }.prefix(limit).map { $0 }
    }

    func acknowledge(_ events: [ReleasedEvent]) {
        for event in events {
            let needsLease = event.type.topic != .taskEvents
            if needsLease, event.epoch == 0 { ledger.violate("\(event.key) went round the fence") }
            let lease = ShardLease(shard: event.key.shard, epoch: event.epoch)
            guard event.epoch == 0 || holds(lease) else { continue }
            outbox[event.key] = nil
            ledger.settled(event.key)
        }
    }
}

extension ArmedReminder {
    /// The key under which it is staged.
    var key: OutboxKey { OutboxKey(shard: shard, sourceID: id, nominal: nominal) }
}
