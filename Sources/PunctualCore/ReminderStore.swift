// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// One shard held by this engine, under the epoch that fences its writes.
package struct ShardLease: Sendable, Hashable {
    /// The shard.
    package var shard: Int16
    /// Raised by every change of owner.
    package var epoch: Int64

    /// Creates a lease from its parts.
    package init(shard: Int16, epoch: Int64) { (self.shard, self.epoch) = (shard, epoch) }
}

/// What a renewal brings back for one shard.
package struct ShardReport: Sendable, Hashable {
    /// The lease, renewed.
    package var lease: ShardLease
    /// The earliest due in `reminders` at or after the bound asked for; nil when there is none.
    package var earliestDue: WallInstant?
    /// When the 500th and the 1,000th from there are due: how crowded the near future is.
    package var crowd: Crowd?

    /// When two reminders further back in the queue are due.
    package struct Crowd: Sendable, Hashable {
        /// The 500th.
        package var middle: WallInstant
        /// The 1,000th.
        package var end: WallInstant

        /// Creates a crowd from its parts.
        package init(middle: WallInstant, end: WallInstant) {
            (self.middle, self.end) = (middle, end)
        }
    }

    /// Creates a report from its parts.
    package init(lease: ShardLease, earliestDue: WallInstant?, crowd: Crowd? = nil) {
        (self.lease, self.earliestDue, self.crowd) = (lease, earliestDue, crowd)
    }
}

/// The answer to a renewal or an acquisition.
package struct LeaseAnswer: Sendable {
    /// The shards that are held now; a shard that was asked for and is missing is lost.
    package var shards: [ShardReport]
    /// The database's wall clock when it answered.
    package var databaseTime: WallInstant
    /// How many other processes listen for the events that this one logs.
    package var listeners: Int
    /// How many engines are alive, this one included, to share the shards.
    package var engines: Int

    /// Creates an answer from its parts.
    package init(
        shards: [ShardReport],
        databaseTime: WallInstant,
        listeners: Int,
        engines: Int = 1
    ) {
        (self.shards, self.databaseTime) = (shards, databaseTime)
        (self.listeners, self.engines) = (listeners, engines)
    }
}

/// A range of one shard's reminders that is to be staged.
package struct StageRange: Sendable, Hashable {
    /// The lease under which it is staged.
    package var lease: ShardLease
    /// Where the index scan starts; nil scans from the beginning.
    package var from: WallInstant?

    /// Creates a range from its parts.
    package init(lease: ShardLease, from: WallInstant?) { (self.lease, self.from) = (lease, from) }
}

/// What one stage did.
package struct StageResult: Sendable {
    /// The events that are in `outbox` now.
    package var events: [StagedEvent]
    /// For each shard whose lease still held, what is left of it.
    package var remaining: [Int16: Remainder]

    /// What a stage left in one shard.
    package struct Remainder: Sendable, Hashable {
        /// The earliest due that is left; nil when nothing is.
        package var due: WallInstant?
        /// Whether a reminder in the range was locked by an edit and passed over.
        package var hasLocked: Bool

        /// Creates a remainder from its parts.
        package init(due: WallInstant?, hasLocked: Bool = false) {
            (self.due, self.hasLocked) = (due, hasLocked)
        }
    }

    /// Creates a result from its parts.
    package init(events: [StagedEvent], remaining: [Int16: Remainder]) {
        (self.events, self.remaining) = (events, remaining)
    }
}

/// Where reminders wait and staged events are kept, as the engine sees it.
///
/// Every call is one statement. All but `acquire` are fenced: what they name by lease is touched
/// only while that epoch still holds.
package protocol ReminderStore: Sendable {
    /// Takes shards that are free, expired, or whose owner's session is gone, up to an equal share
    /// of all, for so long on the database's clock; and those that are this engine's without its
    /// `holding` them, because an answer was lost.
    func acquire(leaseMilliseconds: Int, holding: [Int16]) async throws -> LeaseAnswer
    /// Renews leases and reports what is due next in each range's shard, from its bound on.
    func renew(_ ranges: [StageRange], leaseMilliseconds: Int) async throws -> LeaseAnswer
    /// Gives leases back, so that another engine can take them at once; with the last ones the
    /// engine itself goes.
    func release(_ leases: [ShardLease], isLast: Bool) async throws
    /// Moves what is due up to `horizon` from `reminders` into `outbox`, at most `limit` a shard.
    func stage(
        _ ranges: [StageRange],
        upTo horizon: WallInstant,
        limit: Int
    ) async throws -> StageResult
    /// Reads staged events back, in key order after `key`: what a former owner left behind.
    func stagedEvents(
        _ leases: [ShardLease],
        after key: OutboxKey?,
        limit: Int
    ) async throws -> [StagedEvent]
    /// Reads the payload of staged events that no longer fitted into memory.
    func stagedEvents(_ keys: [OutboxKey]) async throws -> [StagedEvent]
}

/// Where released events are recorded.
package protocol EventStore: Sendable {
    /// Moves released events from `outbox` into `event_log`, with a delivery for each channel.
    ///
    /// Those with an epoch are left out unless their lease still holds; a repeat changes nothing.
    func acknowledge(_ events: [ReleasedEvent]) async throws
    /// Tells other processes that there is something new in `event_log`.
    func announce() async throws
    /// A user's logged events after a cursor's instant, oldest first.
    func events(
        shard: Int16,
        userID: String,
        after instant: WallInstant,
        skipping: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent]
}
