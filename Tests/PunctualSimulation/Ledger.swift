// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime

/// What was promised, what came of it, and where the two differ.
///
/// Instants are microseconds of true time since the epoch; each process reads it off a clock of
/// its own.
final class Ledger {
    /// One event that must come.
    struct Record {
        var type: EventType
        var due: Int64
        /// When the change that made it was committed.
        var armed: Int64
        /// When its shard's owner was told of it.
        var hinted: Int64?
        /// Whether a change took it back, so that it need not come.
        var isWithdrawn = false
        /// Whether a client was told that it has not fired and never will.
        var isPromisedSilent = false
        var ids: Set<EventID> = []
        /// When it first left an engine.
        var released: Int64?
        /// Whether its acknowledgement, or its rollover, is in the database.
        var isSettled = false
    }

    /// Who released what: never twice under one epoch in one life of a process.
    private struct Release: Hashable {
        var process: Int
        var life: Int
        var epoch: Int64
        var key: OutboxKey
    }

    private(set) var records: [OutboxKey: Record] = [:]
    private(set) var violations: [String] = []
    /// What has happened so far, in one number: two runs that went the same way have the same.
    private(set) var digest: UInt64 = 0
    private var releases: Set<Release> = []
    /// Until when lateness is nobody's fault but of what went wrong.
    private var excused = Int64.min
    private let traits: WorldTraits

    init(traits: WorldTraits) { self.traits = traits }

    func violate(_ text: String) {
        // The first few tell; what follows from them would only fill the page.
        if violations.count < 5 { violations.append(text) }
    }

    func excuse(until instant: Int64) { excused = max(excused, instant) }

    // MARK: - What happens

    func armed(_ key: OutboxKey, _ type: EventType, due: Int64, at now: Int64) {
        records[key] = Record(type: type, due: due, armed: now)
    }

    func hinted(_ key: OutboxKey, at now: Int64) { records[key]?.hinted = now }

    func withdrawn(_ key: OutboxKey) { records[key]?.isWithdrawn = true }

    func settled(_ key: OutboxKey) { records[key]?.isSettled = true }

    /// A client was told that it has not fired and never will.
    func promisedSilent(_ key: OutboxKey, at now: Int64) {
        records[key]?.isPromisedSilent = true
        if records[key]?.released != nil { violate("\(key) had fired: may_have_fired was false") }
    }

    /// An event left an engine.
    ///
    /// `isOwner` says that its lease still holds: a former owner's acknowledgement changes nothing,
    /// and until he knows of that he may repeat the event.
    func released(
        _ event: ReleasedEvent,
        process: Int,
        life: Int,
        isOwner: Bool,
        at now: Int64
    ) {
        guard var record = records[event.key] else {
            return violate("\(event.key) fired, and nobody had armed it")
        }
        digest = SeededGenerator.draw(digest, UInt64(now), event.id.low)
        record.ids.insert(event.id)
        if record.ids.count > 1 { violate("\(event.key) fired under two ids") }
        if record.isPromisedSilent { violate("\(event.key) fired after may_have_fired: false") }
        let release = Release(process: process, life: life, epoch: event.epoch, key: event.key)
        if !releases.insert(release).inserted, isOwner {
            violate("\(event.key) was released twice by process \(process) under one epoch")
        }
        if record.released == nil {
            record.released = now
            judgeLateness(record, of: event.key, at: now)
        }
        records[event.key] = record
    }

    private func judgeLateness(_ record: Record, of key: OutboxKey, at now: Int64) {
        // Changes of tasks are released by whoever made them, or ten seconds later.
        guard record.type != .updated else { return }
        // A few trips; more where payloads are read back a few at a time, and where trips are so
        // slow that others come in between.
        let isBusy = traits.stagedBytes < 20_000 || traits.slowest > 200_000
        var slack = 100_000 + (isBusy ? 25 : 10) * traits.slowest
        // The owner finds out with its next renewal, and that is under way for a while.
        if record.hinted == nil { slack += 1_000_000 + 4 * traits.slowest }
        // What was due long ago lies below where a renewal looks: the net finds it.
        if record.hinted == nil, record.due < record.armed - 7_000_000 { slack += 31_000_000 }
        let due = max(record.due, record.hinted ?? record.armed)
        let late = now - max(due, excused)
        if late > slack { violate("\(key) was \(late) µs late") }
    }

    // MARK: - The end

    /// Looks for what never came, when nothing has gone wrong for long.
    func close(at now: Int64) {
        for (key, record) in records.sorted(by: { $0.key.precedes($1.key) })
        where !record.isWithdrawn && !record.isSettled && record.due < now - 30_000_000 {
            violate("\(key) was lost: \(record)")
        }
    }
}

extension OutboxKey {
    /// The order of the primary key.
    func precedes(_ other: OutboxKey) -> Bool {
        (shard, sourceID, nominal.secondsSinceEpoch)
            < (other.shard, other.sourceID, other.nominal.secondsSinceEpoch)
    }
}
