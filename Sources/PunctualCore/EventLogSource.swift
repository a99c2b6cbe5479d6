// SPDX-License-Identifier: Apache-2.0

/// How far a reader of `event_log` has come.
///
/// Neither ids nor times say what is new, because transactions commit in another order than they
/// begin. What is new is what the present snapshot sees and the last one did not.
package struct LogPosition: Sendable, Hashable {
    /// A row within a range that is being read.
    package struct Row: Sendable, Hashable {
        /// The transaction that wrote it.
        package let logged: Int64
        /// Its key.
        package let shard: Int16, eventID: EventID

        /// Creates the position of a row from its parts.
        package init(logged: Int64, shard: Int16, eventID: EventID) {
            (self.logged, self.shard, self.eventID) = (logged, shard, eventID)
        }
    }
    /// Everything that this snapshot (`pg_snapshot` as text) sees has been read.
    package let snapshot: String
    /// What this one sees is being read, up to `row`; nil between two ranges.
    package let horizon: String?
    /// The last row read of the range; nil at its start.
    package let row: Row?

    /// Creates a position from its parts.
    package init(snapshot: String, horizon: String? = nil, row: Row? = nil) {
        (self.snapshot, self.horizon, self.row) = (snapshot, horizon, row)
    }
}

/// A row of `event_log` that this program cannot read, however often it tries.
package struct UnreadableEvent: Sendable, Hashable {
    /// Which.
    package let id: EventID
    /// Why, in words for the operator.
    package let reason: String

    /// Creates one from its parts.
    package init(_ id: EventID, reason: String) { (self.id, self.reason) = (id, reason) }
}

/// Some of what is new in `event_log`.
package struct LogPage: Sendable {
    /// The events of all users, in the order of their transactions' beginnings.
    package var events: [ReleasedEvent]
    /// What is left out of them, so that one row holds up nobody.
    package var unreadable: [UnreadableEvent]
    /// Where the next page starts.
    package var position: LogPosition
    /// Whether the range has been read to its end.
    package var isLast: Bool

    /// Creates a page from its parts.
    package init(
        events: [ReleasedEvent],
        unreadable: [UnreadableEvent] = [],
        position: LogPosition,
        isLast: Bool
    ) {
        (self.events, self.unreadable) = (events, unreadable)
        (self.position, self.isLast) = (position, isLast)
    }
}

/// What other processes have written to `event_log`, as one process follows it.
package protocol EventLogSource: Sendable {
    /// Where a reader goes on: where it saved its position, or at the present if it never did.
    ///
    /// A reader without a name lives in memory and has no saved position.
    func position(of reader: String?) async throws -> LogPosition
    /// What has become visible after `position`, at most `limit` events.
    func events(after position: LogPosition, limit: Int) async throws -> LogPage
    /// Remembers how far a durable reader has come.
    func save(_ position: LogPosition, of reader: String) async throws
}
