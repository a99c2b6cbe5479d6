// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// How many tasks a change of all that match a filter came to.
package struct BulkAnswer: Sendable {
    /// How many matched.
    package var matched: Int
    /// How many of them were changed; the others were as asked already.
    package var changed: Int
    /// Where to go on when there were more than one request changes; nil when all are done.
    package var nextCursor: String?
}

// What interrupts tasks without changing what they say.
extension TaskService {
    /// How many tasks one request pauses or resumes at most.
    package static let maximumBulk = 5_000
    /// How many of them are written in one statement.
    private static let bulkStatement = 100

    /// Lets a reminder fire once more, later; its series stays as it is.
    ///
    /// - Returns: the new reminder, whose `snooze_of` names the other.
    package func snooze(
        _ reminderID: Int64,
        of id: Int64,
        by input: SnoozeInput,
        user: User
    ) async throws -> ReminderView {
        let answer = try await change(id, ifMatch: nil, user: user) {
            task,
            now,
            ids,
            change throws(Problem) in
            try planner.snooze(reminderID, of: task, by: input, now: now, ids: &ids, in: &change)
        }
        guard let snoozed = answer.task.reminders.last else {
            throw Problem(.conflict, "The reminder was removed while it was snoozed; try again.")
        }
        return ReminderView(reminder: snoozed, state: .scheduled)
    }

    /// Leaves out the occurrence after this one, or takes the last such skip back.
    ///
    /// - Returns: the task, and the occurrence that follows it now.
    package func skipNext(
        of id: Int64,
        undo: Bool,
        ifMatch: Int64? = nil,
        user: User
    ) async throws -> (answer: ChangeAnswer, next: Occurrence?) {
        let answer = try await change(id, ifMatch: ifMatch, user: user) {
            task,
            now,
            ids,
            change throws(Problem) in
            try undo
                ? planner.unskipNext(of: task, now: now, ids: &ids, in: &change)
                : planner.skipNext(of: task, now: now, ids: &ids, in: &change)
        }
        return (answer, try planner.next(of: answer.task))
    }

    /// Pauses a task, and the series that it belongs to, or resumes it; twice is once.
    package func setPaused(
        _ isPaused: Bool,
        _ id: Int64,
        ifMatch: Int64? = nil,
        user: User
    ) async throws -> ChangeAnswer {
        try await change(id, ifMatch: ifMatch, user: user) {
            task,
            now,
            ids,
            change throws(Problem) in
            try planned(isPaused, task, now, &ids, &change)
        }
    }

    /// Pauses or resumes the active tasks that match, at most ``maximumBulk`` of them.
    package func setPaused(
        _ isPaused: Bool,
        matching query: TaskQuery,
        user: User
    ) async throws -> BulkAnswer {
        var query = query
        (query.status, query.limit) = (.active, Self.bulkStatement)
        var answer = BulkAnswer(matched: 0, changed: 0)
        repeat {
            let page = try await tasks(matching: query, user: user)
            answer.matched += page.items.count
            answer.changed += try await setPaused(isPaused, page.items, user: user)
            query.cursor = page.nextCursor
        } while query.cursor != nil && answer.matched < Self.maximumBulk
        answer.nextCursor = query.cursor
        return answer
    }

    private func setPaused(_ isPaused: Bool, _ tasks: [TaskItem], user: User) async throws -> Int {
        let tasks = tasks.filter { ($0.pausedAt != nil) != isPaused }
        guard !tasks.isEmpty else { return 0 }
        var change = ChangeSet()
        let needed = tasks.count * TaskPlanner.maximumIDsOfAChange
        var ids = IDSupply(try await store.reserveIDs(needed))
        for task in tasks { _ = try planned(isPaused, task, clock(), &ids, &change) }
        store.returnIDs(ids.unused)
        do {
            try await write(change)
        } catch TaskStoreError.conflict {
            // Somebody changed one of them at this moment: each is planned by itself.
            for task in tasks { _ = try await setPaused(isPaused, task.id, user: user) }
        }
        return tasks.count
    }

    private func planned(
        _ isPaused: Bool,
        _ task: TaskItem,
        _ now: WallInstant,
        _ ids: inout IDSupply,
        _ change: inout ChangeSet
    ) throws(Problem) -> Plan {
        try isPaused
            ? planner.pause(task, now: now, ids: &ids, in: &change)
            : planner.resume(task, now: now, ids: &ids, in: &change)
    }
}
