// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// Why a store refused or failed; everything else that it throws is an outage.
package enum TaskStoreError: Error, Sendable {
    /// A task had another version than the change expected, or a successor exists already.
    case conflict
    /// The idempotency key was used before: the answer given then.
    case answered(RememberedAnswer)
    /// The task's row holds what this program cannot read, and why; it will be the same next time.
    case unreadable(String)
}

/// Which tasks a list wants, and in which order.
package struct TaskQuery: Sendable {
    /// The field a list is sorted by; ties are broken by id.
    package enum Sort: String, Sendable, CaseIterable {
        case dueDate = "due_date"
        case priority
        case createdAt = "created_at"
    }
    /// Only tasks of this status.
    package var status: TaskStatus?
    /// Only tasks of these priorities.
    package var priorities: [TaskPriority] = []
    /// Only tasks that have all of these tags.
    package var tags: [String] = []
    /// Only tasks due before this instant.
    package var dueBefore: WallInstant?
    /// Only tasks due after this instant.
    package var dueAfter: WallInstant?
    /// Only tasks whose title or description has each of these words somewhere in it.
    package var words: [String] = []
    /// Only tasks that are paused, or only those that are not.
    package var isPaused: Bool?
    /// Only tasks of this series.
    package var seriesID: Int64?
    /// The order.
    package var sort: Sort = .createdAt
    /// Whether the order is reversed.
    package var descending = false
    /// How many at most, 1 to 500.
    package var limit = 50
    /// Where the page before ended, as given by it; opaque.
    package var cursor: String?

    /// Words of a search at most.
    package static let maximumWords = 8
    /// Characters of a search at most.
    package static let maximumSearch = 200

    /// A query for the first page of everything.
    package init() {}
}

/// One page of a list.
package struct TaskPage: Sendable {
    /// The tasks.
    package var items: [TaskItem]
    /// Where the next page starts; nil when this was the last.
    package var nextCursor: String?

    /// Creates a page from its parts.
    package init(items: [TaskItem], nextCursor: String?) {
        (self.items, self.nextCursor) = (items, nextCursor)
    }
}

/// Where tasks are kept.
///
/// Every write is one statement with all that belongs to it, so that no failure leaves half of it.
package protocol TaskStore: Sendable {
    /// Takes ids that nobody else will be given; they are unique, not dense.
    func reserveIDs(_ count: Int) async throws -> [Int64]
    /// Takes back ids that were not used, so that they can be handed out again.
    func returnIDs(_ ids: [Int64])
    /// The task, if it exists and is this user's.
    func task(shard: Int16, userID: String, id: Int64) async throws -> TaskItem?
    /// The task that succeeds `predecessorID`, if there is one.
    func successor(shard: Int16, of predecessorID: Int64) async throws -> TaskItem?
    /// The user's tasks that match.
    ///
    /// - Throws: a ``Problem`` for a cursor that is not one.
    func tasks(shard: Int16, userID: String, matching query: TaskQuery) async throws -> TaskPage
    /// Writes a change: all of it or, with ``TaskStoreError``, nothing.
    func apply(_ change: ChangeSet) async throws -> ChangeOutcome
    /// Deletes what a stage moved into `outbox` while a change was looking for it in `reminders`.
    ///
    /// - Returns: the ids of those found in `outbox`.
    func withdrawStaged(shard: Int16, reminderIDs: [Int64]) async throws -> Set<Int64>
    /// Which of these armed reminders still wait in `reminders`, and which in `outbox`.
    func whereabouts(of reminders: [WithdrawnReminder]) async throws -> ChangeOutcome
    /// The passed-over occurrences of a series, by when they were due.
    func seriesEntries(
        shard: Int16,
        seriesID: Int64,
        matching query: HistoryQuery
    ) async throws -> [SeriesEntry]
    /// The answer remembered under a key, if any.
    func answer(shard: Int16, userID: String, key: String) async throws -> RememberedAnswer?
    /// Makes sure the user has a row, with what the token says where the user has chosen nothing.
    func upsertUser(_ user: User, shard: Int16) async throws
    /// Active tasks in local time whose instant was derived with another tzdata than `version`.
    func tasks(shards: [Int16], notDerivedWith version: String, limit: Int) async throws
        -> [TaskItem]
}

extension TaskStore {
    /// Forgets the ids; a store that has plenty need not keep them.
    package func returnIDs(_ ids: [Int64]) {}
}
