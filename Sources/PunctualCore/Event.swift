// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What an event says happened; the `event_type` of every message.
package enum EventType: String, Sendable, CaseIterable {
    case created, updated, completed, deleted
    case reminderDue = "reminder.due"
    case jobDue = "job.due"
    case skipped = "reminder.skipped"
    case coalesced = "reminder.coalesced"
    case missed = "reminder.missed"
    case moved = "reminder.moved"
    case withdrawn = "reminder.withdrawn"
    /// Internal: the next occurrence of a series that rolls over on schedule must be created.
    case rollover

    /// The topic under which the event is logged and published.
    package var topic: Topic {
        switch self {
        case .created, .updated, .completed, .deleted: .taskEvents
        case .reminderDue, .jobDue: .reminders
        case .skipped, .coalesced, .missed, .moved, .withdrawn, .rollover: .engine
        }
    }

    /// Whether clients that follow `topic` are sent this event.
    ///
    /// A change of a task fans out to `task-events` and to `task-updates`.
    package func isPublished(to topic: Topic) -> Bool {
        topic == self.topic || topic == .taskUpdates && self.topic == .taskEvents
    }
}

/// The streams into which events are sorted.
package enum Topic: String, Sendable, CaseIterable {
    case taskEvents = "task-events"
    case reminders
    case taskUpdates = "task-updates"
    /// Records of what the engine decided (skips, misses, moves); logged, never published.
    case engine
}

/// An outbox row: an event that is durable and waits for its instant.
///
/// Its payload is a JSON object that lacks only `event_id` and `timestamp`, which are known at
/// release and put in front by ``ReleasedEvent``.
package struct StagedEvent: Sendable {
    /// The id that every release of this row carries.
    package let id: EventID
    /// The row's primary key.
    package let key: OutboxKey
    /// What happened.
    package let type: EventType
    /// The task concerned, if any.
    package let taskID: Int64?
    /// Whose event it is.
    package let userID: String
    /// When it is to be released.
    package let due: WallInstant
    /// JSON object without `event_id` and `timestamp`.
    package var payload: String
    /// The trace of what caused it, as `traceparent` says it; nil for what nobody follows.
    package let traceparent: String?

    /// Creates a row from its parts.
    package init(
        key: OutboxKey,
        type: EventType,
        taskID: Int64?,
        userID: String,
        due: WallInstant,
        payload: String,
        traceparent: String? = nil
    ) {
        (self.key, self.type, self.taskID) = (key, type, taskID)
        (self.userID, self.due, self.payload) = (userID, due, payload)
        self.traceparent = traceparent
        // Derived when the row is made or read, so that a release has only to stamp it.
        id = EventID(
            instant: due,
            sourceID: key.sourceID,
            nominal: key.nominal,
            kind: type.rawValue
        )
    }

    /// Stamps the event with the instant at which it is handed to the transport.
    package func released(at instant: WallInstant, epoch: Int64 = 0) -> ReleasedEvent {
        ReleasedEvent(staged: self, at: instant, epoch: epoch)
    }
}

/// An event on its way: what the transport takes and `event_log` records.
///
/// It is an object because fifty thousand at once pass through several queues and tables, each of
/// which would otherwise move all its fields.
package final class ReleasedEvent: Sendable {
    /// The outbox row it came from.
    package let key: OutboxKey
    /// The id that every repeat of it carries.
    package let id: EventID
    /// What happened.
    package let type: EventType
    /// The task concerned, if any.
    package let taskID: Int64?
    /// Whose event it is.
    package let userID: String
    /// When it should have been released.
    package let due: WallInstant
    /// When it was: never before `due`.
    package let timestamp: WallInstant
    /// The lease epoch under which it was released; 0 for what needs no lease.
    package let epoch: Int64
    /// The bare event, a JSON object in one line.
    package let json: String
    /// The trace of what caused it, as `traceparent` says it; nil for what nobody follows.
    package let traceparent: String?
    /// Whether an operator has had it sent again.
    package let isReplayed: Bool

    fileprivate init(staged: StagedEvent, at timestamp: WallInstant, epoch: Int64) {
        (key, id, type, taskID) = (staged.key, staged.id, staged.type, staged.taskID)
        (userID, due, self.timestamp, self.epoch) = (staged.userID, staged.due, timestamp, epoch)
        json =
            "{\"event_id\":\"\(id)\",\"timestamp\":\"\(timestamp.rfc3339)\","
            + staged.payload.dropFirst()
        (traceparent, isReplayed) = (staged.traceparent, false)
    }

    /// Restores an event that was logged by this process or another.
    package init(
        key: OutboxKey,
        id: EventID,
        type: EventType,
        taskID: Int64?,
        userID: String,
        timestamp: WallInstant,
        json: String,
        traceparent: String? = nil,
        isReplayed: Bool = false
    ) {
        (self.key, self.id, self.type, self.taskID) = (key, id, type, taskID)
        (self.userID, due, self.timestamp, epoch) = (userID, timestamp, timestamp, 0)
        (self.json, self.traceparent, self.isReplayed) = (json, traceparent, isReplayed)
    }

    /// The position of the event in a client's stream, `<release µs>-<event_id>`.
    package var cursor: EventCursor { EventCursor(timestamp: timestamp, id: id) }
}

/// A place in a user's stream of events, valid on every process.
package struct EventCursor: Sendable, Hashable, CustomStringConvertible {
    /// The release instant of the last event seen.
    package let timestamp: WallInstant
    /// The id of the last event seen.
    package let id: EventID

    /// Creates a cursor from its parts.
    package init(timestamp: WallInstant, id: EventID) {
        (self.timestamp, self.id) = (timestamp, id)
    }

    /// Parses `<release µs>-<event_id>`; nil when it is not one.
    package init?(_ text: String) {
        guard let dash = text.firstIndex(of: "-"), let microseconds = Int64(text[..<dash]),
            let id = EventID(text[text.index(after: dash)...])
        else { return nil }
        self.init(timestamp: WallInstant(microsecondsSinceEpoch: microseconds), id: id)
    }

    package var description: String { "\(timestamp.microsecondsSinceEpoch)-\(id)" }
}
