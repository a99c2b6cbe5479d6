// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// Where the rules of time zones come from.
package protocol ZoneSource: Sendable {
    /// The rules of an IANA zone, or nil when there is no zone of that name.
    func rules(for identifier: String) -> ZoneRules?
    /// The tzdata release in force, such as `2025b`.
    var version: String { get }
}

/// The present instant, from the wall clock of this host.
package typealias WallClock = @Sendable () -> WallInstant

/// Where events go when they are released.
package protocol Transport: Sendable {
    /// Hands a batch over, and returns when the transport is answerable for it.
    ///
    /// - Throws: when the batch was not accepted; the caller keeps it and tries again.
    func publish(_ batch: [ReleasedEvent]) async throws
}

/// What the writers of tasks tell the engine that owns the shard, after their commit.
///
/// A hint may be lost: the lease renewal finds within a second what it spoke of.
package protocol EngineHints: Sendable {
    /// A reminder was armed that is due at `due`, the earliest of its shard in this change.
    func hint(shard: Int16, due: WallInstant)
    /// Takes staged events back from memory, after their outbox rows were deleted.
    ///
    /// - Returns: those that have not been released and never will be.
    func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey>
}

/// The hints of a process without an engine: the owner finds out with its next renewal.
package struct AbsentEngine: EngineHints {
    /// Creates it.
    package init() {}

    package func hint(shard: Int16, due: WallInstant) {}

    package func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> { [] }
}

/// What releases the events of changes right after the commit that made them durable.
package protocol ChangeRelay: Sendable {
    /// Releases events whose outbox rows are committed; never waits for the transport.
    func release(_ events: [StagedEvent])
}

/// What the engine hands the events it releases to.
package protocol EventReleaser: Sendable {
    /// Hands events to the transport now, and acknowledges them when it has accepted them.
    ///
    /// - Parameters:
    ///   - events: stamped, and not early.
    ///   - onAcknowledged: called, perhaps more than once, with keys whose outbox rows are gone.
    func release(
        _ events: [ReleasedEvent],
        onAcknowledged: @escaping @Sendable ([OutboxKey]) -> Void
    )
    /// How many other processes listen for what is logged here.
    func setListeners(_ count: Int)
}

/// What keeps series going on the engine's behalf.
package protocol SeriesKeeper: Sendable {
    /// Creates the next occurrence of a series that rolls over on schedule, or finds that there is
    /// none to create, and settles the outbox row; safe to repeat.
    ///
    /// - Throws: when the database did not take it; try again.
    func rollOver(_ event: StagedEvent) async throws
    /// Derives the instants of tasks in local time anew, where another tzdata was used.
    ///
    /// - Returns: how many tasks were looked at; 0 when all is done.
    func deriveAnew(shards: [Int16]) async throws -> Int
}

/// One thing that a client following its user's events is sent.
package enum UpdateMessage: Sendable {
    /// An event.
    case event(ReleasedEvent)
    /// The cursor is older than what is kept: the client must read everything anew.
    case reset
}

/// The events of one user, as one client follows them.
package protocol UpdateStream: Sendable {
    /// Waits for the next messages, all that are there; nil when the stream has ended.
    ///
    /// It ends when the process stops or the client has fallen behind by more than its buffer;
    /// the client resumes from its last cursor.
    func next() async -> [UpdateMessage]?
    /// Ends the stream; `next` answers nil from then on.
    func cancel()
}

/// Where clients' streams of events come from.
package protocol UpdateSource: Sendable {
    /// Follows the user's events of the topics, from `cursor` on when there is one.
    ///
    /// A client that resumes may see repeats under the same `event_id`, never a gap.
    func updates(
        for user: User,
        topics: Set<Topic>,
        after cursor: EventCursor?
    ) async throws -> any UpdateStream
}

/// What the engine says of itself to readiness, metrics and `STATUS`.
package struct EngineStatus: Sendable {
    /// Shards owned.
    package var shards = 0
    /// Events staged in memory and not yet released.
    package var staged = 0
    /// Events released and not yet acknowledged.
    package var unacknowledged = 0
    /// The next instant at which something is released or looked at.
    package var nextDue: WallInstant?
    /// How long the oldest reminder that should have been released has been waiting, in microseconds.
    package var oldestOverdueMicroseconds: Int64 = 0
    /// Why the engine is not ready; nil when it is.
    package var unreadyReason: String?
    /// The database's clock minus this host's, in microseconds.
    package var clockOffsetMicroseconds: Int64 = 0

    /// Creates the status of an engine that owns nothing.
    package init() {}
}
