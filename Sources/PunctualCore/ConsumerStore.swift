// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A row of `consumed`: what a consumer has done once and for all.
package struct ConsumedMark: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// The name of the consumer.
    package var consumer: String
    /// The event, or for `recurring` the completion itself.
    package var id: EventID

    /// Creates a row from its parts.
    package init(shard: Int16, consumer: String, id: EventID) {
        (self.shard, self.consumer, self.id) = (shard, consumer, id)
    }

    /// That one completion of a task has had its next occurrence.
    ///
    /// It is known by the completion and not by the event that spoke of it, so that an event of
    /// another id, forged or sent again by somebody else, makes no second one.
    package static func succession(
        of taskID: Int64,
        shard: Int16,
        completedAt: WallInstant
    ) -> ConsumedMark {
        ConsumedMark(
            shard: shard,
            consumer: ConsumerName.recurring,
            id: EventID(
                instant: completedAt,
                sourceID: taskID,
                nominal: CivilDateTime(secondsSinceEpoch: completedAt.secondsSinceEpoch),
                kind: "succession"
            )
        )
    }
}

/// The names of the consumers: roles, ends of consumer groups, and names in `consumed`.
package enum ConsumerName {
    /// Makes the next occurrence of completed tasks.
    package static let recurring = "recurring"
    /// Makes the deliveries of fired reminders.
    package static let notify = "notify"
    /// Records every event.
    package static let audit = "audit"
    /// Feeds the clients that follow their user's events.
    package static let realtime = "realtime"
}

/// A task that was completed and lacks its next occurrence.
package struct PendingSuccession: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// Whose task it is.
    package var userID: String
    /// The task.
    package var taskID: Int64

    /// Creates one from its parts.
    package init(shard: Int16, userID: String, taskID: Int64) {
        (self.shard, self.userID, self.taskID) = (shard, userID, taskID)
    }
}

/// What the database can never take, such as text with a NUL in it.
package struct RejectedEvents: Error, Sendable {
    /// Why, without any value.
    package let reason: String

    /// Creates an error.
    package init(reason: String) { self.reason = reason }
}

/// What the consumers write.
///
/// Every call is one statement, and safe to repeat.
///
/// Each throws ``RejectedEvents`` for what can never succeed, and anything else when it may later.
package protocol ConsumerStore: Sendable {
    /// Records events in `event_log`, each once; the first to come stays.
    func record(_ events: [ReleasedEvent]) async throws
    /// Makes the deliveries that fired reminders need, once for each event.
    func makeDeliveries(for events: [ReleasedEvent]) async throws
    /// Which tasks of these `completed` events are completed in the database and lack their next
    /// occurrence.
    func pendingSuccessions(of events: [ReleasedEvent]) async throws -> [PendingSuccession]
    /// Whether this has been done.
    func contains(_ mark: ConsumedMark) async throws -> Bool
}

/// What makes the next occurrence of a series on behalf of a consumer.
package protocol SuccessionKeeper: Sendable {
    /// Creates the next occurrence of a completed task, unless there was one already; safe to
    /// repeat.
    func succeed(_ pending: PendingSuccession, knownTo store: any ConsumerStore) async throws
}
