// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A row of `reminders`: one instant in the future at which something happens.
package struct ArmedReminder: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// The reminder's id.
    package var id: Int64
    /// What happens.
    package var kind: ReminderKind
    /// The task concerned.
    package var taskID: Int64
    /// When it happens.
    package var due: WallInstant
    /// The nominal local time of the occurrence.
    package var nominal: CivilDateTime
    /// What happens when it is found overdue.
    package var misfire: MisfirePolicy
    /// The trace of the request that armed it; nil for what nobody follows.
    package var traceparent: String?

    /// Creates a row from its parts.
    package init(
        shard: Int16,
        id: Int64,
        kind: ReminderKind,
        taskID: Int64,
        due: WallInstant,
        nominal: CivilDateTime,
        misfire: MisfirePolicy,
        traceparent: String? = nil
    ) {
        (self.shard, self.id, self.kind, self.taskID) = (shard, id, kind, taskID)
        (self.due, self.nominal, self.misfire) = (due, nominal, misfire)
        self.traceparent = traceparent
    }
}

/// An occurrence of a series that no task stands for: it was passed over.
package struct SeriesEntry: Sendable, Hashable {
    /// Why no task stands for it.
    package enum State: String, Sendable { case missed, skipped }
    /// The shard of the user.
    package var shard: Int16
    /// The series.
    package var seriesID: Int64
    /// The nominal local time of the occurrence.
    package var nominal: CivilDateTime
    /// When it would have been due.
    package var due: WallInstant
    /// Why no task stands for it.
    package var state: State

    /// Creates an entry from its parts.
    package init(
        shard: Int16,
        seriesID: Int64,
        nominal: CivilDateTime,
        due: WallInstant,
        state: State
    ) {
        (self.shard, self.seriesID, self.nominal) = (shard, seriesID, nominal)
        (self.due, self.state) = (due, state)
    }
}

/// The answer to a request, kept so that a repeat under the same `Idempotency-Key` gets it again.
package struct RememberedAnswer: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// Whose key it is.
    package var userID: String
    /// The key, 1 to 255 characters.
    package var key: String
    /// SHA-256 of method, path and body, in hexadecimal; another under the same key is a conflict.
    package var fingerprint: String
    /// The HTTP status.
    package var status: Int
    /// The body.
    package var body: String

    /// Creates an answer from its parts.
    package init(
        shard: Int16,
        userID: String,
        key: String,
        fingerprint: String,
        status: Int,
        body: String
    ) {
        (self.shard, self.userID, self.key) = (shard, userID, key)
        (self.fingerprint, self.status, self.body) = (fingerprint, status, body)
    }
}

/// Everything that one change writes, in one statement: all of it or nothing.
package struct ChangeSet: Sendable {
    /// New tasks.
    package var insertedTasks: [TaskItem] = []
    /// Tasks as they are to be; each must still have the version before its own.
    package var updatedTasks: [TaskItem] = []
    /// Tasks to delete; each must still have its version.
    package var deletedTasks: [TaskItem] = []
    /// Reminders that are taken back.
    package var withdrawnReminders: [WithdrawnReminder] = []
    /// Reminders that are armed.
    package var armedReminders: [ArmedReminder] = []
    /// Outbox rows that are written.
    package var events: [StagedEvent] = []
    /// Outbox rows that this change settles.
    package var settledKeys: [OutboxKey] = []
    /// Occurrences that are passed over.
    package var seriesEntries: [SeriesEntry] = []
    /// What is done once and for all by this change.
    package var marks: [ConsumedMark] = []
    /// The answer to remember.
    package var answer: RememberedAnswer?

    /// Creates a change that writes nothing.
    package init() {}

    /// Takes a new task out again, with all that belongs to it.
    mutating func forgetCreation(of task: TaskItem) {
        insertedTasks.removeAll { $0.id == task.id }
        armedReminders.removeAll { $0.taskID == task.id }
        events.removeAll { $0.taskID == task.id }
    }
}

/// A reminder that a change takes back.
package struct WithdrawnReminder: Sendable, Hashable {
    /// The shard of the user.
    package var shard: Int16
    /// The reminder's id.
    package var id: Int64
    /// When it would have been due; part of its key.
    package var due: WallInstant
    /// The nominal local time of the occurrence.
    package var nominal: CivilDateTime
    /// What it would have made happen.
    package var kind: ReminderKind

    /// Creates one from its parts.
    package init(
        shard: Int16,
        id: Int64,
        due: WallInstant,
        nominal: CivilDateTime,
        kind: ReminderKind
    ) {
        (self.shard, self.id, self.due) = (shard, id, due)
        (self.nominal, self.kind) = (nominal, kind)
    }

    /// The key under which it is staged, if it is.
    package var key: OutboxKey { OutboxKey(shard: shard, sourceID: id, nominal: nominal) }
}

/// Where a change found the reminders that it took back.
package struct ChangeOutcome: Sendable {
    /// Those that were still in `reminders`: nothing has happened and nothing will.
    package var waiting: Set<Int64>
    /// Those that were in `outbox`: their owner must confirm that it has not released them.
    package var staged: Set<Int64>

    /// Creates an outcome from its parts.
    package init(waiting: Set<Int64> = [], staged: Set<Int64> = []) {
        (self.waiting, self.staged) = (waiting, staged)
    }
}
