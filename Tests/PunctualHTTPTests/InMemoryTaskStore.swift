// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Synchronization

/// A task store that lives in memory and keeps the promises of its port.
final class InMemoryTaskStore: TaskStore {
    private struct State {
        var lastID: Int64 = 0
        var tasks: [Int64: TaskItem] = [:]
        var waiting: Set<Int64> = []
        var staged: Set<Int64> = []
        var entries: [SeriesEntry] = []
        var answers: [String: RememberedAnswer] = [:]
        var isDown = false
    }
    /// What the database would say when it cannot be reached.
    struct Outage: Error {}

    private let state = Mutex(State())

    /// Makes every call fail from now on.
    func goDown() { state.withLock { $0.isDown = true } }

    /// Moves all reminders that wait into the outbox, as a stage does.
    func stageAll() {
        state.withLock { state in
            state.staged.formUnion(state.waiting)
            state.waiting = []
        }
    }

    func reserveIDs(_ count: Int) async throws -> [Int64] {
        try read { state in
            defer { state.lastID += Int64(count) }
            return (0..<Int64(count)).map { state.lastID + 1 + $0 }
        }
    }

    func task(shard: Int16, userID: String, id: Int64) async throws -> TaskItem? {
        try read { state in
            state.tasks[id].flatMap { $0.userID == userID && $0.shard == shard ? $0 : nil }
        }
    }

    func successor(shard: Int16, of predecessorID: Int64) async throws -> TaskItem? {
        try read { state in state.tasks.values.first { $0.predecessorID == predecessorID } }
    }

    func tasks(
        shard: Int16,
        userID: String,
        matching query: TaskQuery
    ) async throws -> TaskPage {
        let all = try read { Array($0.tasks.values) }
        let wanted = all.filter { $0.userID == userID && query.matches($0) }
            .sorted { query.descending ? query.precedes($1, $0) : query.precedes($0, $1) }
        guard let offset = query.cursor.map({ Int($0) }) ?? 0, offset >= 0 else {
            throw Problem(.invalid, "The cursor is not one.")
        }
        let page = wanted.dropFirst(offset).prefix(query.limit)
        let end = offset + page.count
        return TaskPage(
            items: Array(page),
            nextCursor: end < wanted.count ? String(end) : nil
        )
    }

    func apply(_ change: ChangeSet) async throws -> ChangeOutcome {
        try read { state in
            if let answer = change.answer, let known = state.answers[answer.userID + answer.key] {
                throw TaskStoreError.answered(known)
            }
            for task in change.updatedTasks where state.tasks[task.id]?.version != task.version - 1
            {
                throw TaskStoreError.conflict
            }
            for task in change.deletedTasks where state.tasks[task.id]?.version != task.version {
                throw TaskStoreError.conflict
            }
            let predecessors = Set(state.tasks.values.compactMap(\.predecessorID))
            for task in change.insertedTasks {
                if let id = task.predecessorID, predecessors.contains(id) {
                    throw TaskStoreError.conflict
                }
            }
            for task in change.insertedTasks + change.updatedTasks { state.tasks[task.id] = task }
            for task in change.deletedTasks { state.tasks[task.id] = nil }
            state.entries += change.seriesEntries
            if let answer = change.answer { state.answers[answer.userID + answer.key] = answer }
            let withdrawn = Set(change.withdrawnReminders.map(\.id))
            let outcome = ChangeOutcome(
                waiting: state.waiting.intersection(withdrawn),
                staged: state.staged.intersection(withdrawn)
            )
            state.waiting.subtract(withdrawn)
            state.staged.subtract(withdrawn)
            state.waiting.formUnion(change.armedReminders.map(\.id))
            return outcome
        }
    }

    func withdrawStaged(shard: Int16, reminderIDs: [Int64]) async throws -> Set<Int64> {
        try read { state in
            let found = state.staged.intersection(reminderIDs)
            state.staged.subtract(found)
            return found
        }
    }

    func whereabouts(of reminders: [WithdrawnReminder]) async throws -> ChangeOutcome {
        try read { state in
            let ids = Set(reminders.map(\.id))
            return ChangeOutcome(
                waiting: state.waiting.intersection(ids),
                staged: state.staged.intersection(ids)
            )
        }
    }

    func seriesEntries(shard: Int16, seriesID: Int64, limit: Int) async throws -> [SeriesEntry] {
        try read { state in
            Array(state.entries.filter { $0.seriesID == seriesID }.prefix(limit))
        }
    }

    func answer(shard: Int16, userID: String, key: String) async throws -> RememberedAnswer? {
        try read { $0.answers[userID + key] }
    }

    func upsertUser(shard: Int16, userID: String, email: String?) async throws {}

    func tasks(
        shards: [Int16],
        notDerivedWith version: String,
        limit: Int
    ) async throws -> [TaskItem] { [] }

    private func read<Value>(_ body: (inout sending State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if state.isDown { throw Outage() }
            return try body(&state)
        }
    }
}

extension TaskQuery {
    fileprivate func matches(_ task: TaskItem) -> Bool {
        (status == nil || task.status == status)
            && (priorities.isEmpty || priorities.contains(task.priority))
            && tags.allSatisfy(task.tags.contains)
            && (dueBefore.map { bound in task.due.map { $0 < bound } ?? false } ?? true)
            && (dueAfter.map { bound in task.due.map { $0 > bound } ?? false } ?? true)
            && (seriesID == nil || task.seriesID == seriesID)
    }

    fileprivate func precedes(_ left: TaskItem, _ right: TaskItem) -> Bool {
        key(of: left) < key(of: right)
    }

    private func key(of task: TaskItem) -> (Int64, Int64) {
        switch sort {
        case .dueDate: (task.due?.microsecondsSinceEpoch ?? .max, task.id)
        case .priority: (Int64(task.priority.rank), task.id)
        case .createdAt: (task.createdAt.microsecondsSinceEpoch, task.id)
        }
    }
}
