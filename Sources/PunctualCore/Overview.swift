// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What an operator is told of one shard.
package struct ShardOverview: Sendable, Hashable {
    /// The shard.
    package var shard: Int16
    /// Raised by every change of owner.
    package var epoch: Int64
    /// The number of the engine whose lease has not expired; nil when there is none.
    package var owner: Int32?
    /// Where its session comes from; nil when that cannot be seen.
    package var host: String?
    /// When the lease expires or did, by the database's clock; nil when there was none.
    package var expires: WallInstant?
    /// How many reminders and rollovers wait.
    package var waiting: Int64
    /// How many events are in `outbox`.
    package var staged: Int64
    /// When the oldest of both was due that should have fired; nil when none should have.
    package var oldestOverdue: WallInstant?

    /// Creates an overview from its parts.
    package init(
        shard: Int16,
        epoch: Int64,
        owner: Int32?,
        host: String?,
        expires: WallInstant?,
        waiting: Int64,
        staged: Int64,
        oldestOverdue: WallInstant?
    ) {
        (self.shard, self.epoch, self.owner, self.host) = (shard, epoch, owner, host)
        (self.expires, self.waiting, self.staged) = (expires, waiting, staged)
        self.oldestOverdue = oldestOverdue
    }
}

/// What metrics say of the whole database.
package struct DatabaseSample: Sendable, Hashable {
    /// How many reminders and rollovers wait; beyond 20,000 an estimate.
    package var armed: Int64
    /// When the next one is due that is not staged.
    package var nextDue: WallInstant?
    /// How many events are in `outbox`, at most 20,000.
    package var outboxDepth: Int64
    /// The engine that holds each shard; nil for one that nobody holds.
    package var owners: [Int16: Int32?]

    /// Creates a sample from its parts.
    package init(
        armed: Int64,
        nextDue: WallInstant?,
        outboxDepth: Int64,
        owners: [Int16: Int32?]
    ) {
        (self.armed, self.nextDue) = (armed, nextDue)
        (self.outboxDepth, self.owners) = (outboxDepth, owners)
    }
}
