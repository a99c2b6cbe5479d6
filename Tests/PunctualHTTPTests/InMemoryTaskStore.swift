// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Synchronization

/// A task store that lives in memory and keeps the promises of its port.
final class InMemoryTaskStore: TaskStore, TagStore {
    private struct State {
        var lastID: Int64 = 0
        var tasks: [Int64: TaskItem] = [:]
        var waiting: Set<Int64> = []
        var staged: Set<Int64> = []
        var entries: [SeriesEntry] = []
        var answers: [String: RememberedAnswer] = [:]
        var isDown = false
        var tags: [String: [Tag]] = [:]
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

    func seriesEntries(
        shard: Int16,
        seriesID: Int64,
        matching query: HistoryQuery
    ) async throws -> [SeriesEntry] {
        try read { state in
            let wanted = state.entries.filter { entry in
                guard entry.seriesID == seriesID else { return false }
                guard let following = query.following else { return true }
                return query.descending ? entry.due < following : entry.due > following
            }
            let sorted = wanted.sorted { query.descending ? $0.due > $1.due : $0.due < $1.due }
            return Array(sorted.prefix(query.limit))
        }
    }

    func answer(shard: Int16, userID: String, key: String) async throws -> RememberedAnswer? {
        try read { $0.answers[userID + key] }
    }

    func upsertUser(_ user: User, shard: Int16) async throws {}

    func tasks(
        shards: [Int16],
        notDerivedWith version: String,
        limit: Int
    ) async throws -> [TaskItem] { [] }

    func tags(shard: Int16, userID: String) async throws -> [Tag] {
        try read { ($0.tags[userID] ?? []).sorted { $0.name < $1.name } }
    }

    func addTag(shard: Int16, userID: String, name: String, color: String?) async throws -> Tag? {
        try read { state in
            guard !(state.tags[userID] ?? []).contains(where: { $0.name == name }) else {
                return nil
            }
            state.lastID += 1
            let tag = Tag(id: state.lastID, name: name, color: color)
            state.tags[userID, default: []].append(tag)
            return tag
        }
    }

    func updateTag(
        shard: Int16,
        userID: String,
        id: Int64,
        name: String?,
        color: Update<String>
    ) async throws -> Tag? {
        try read { state in
            guard let index = state.tags[userID]?.firstIndex(where: { $0.id == id }),
                var tag = state.tags[userID]?[index]
            else { return nil }
            let others = state.tags[userID]?.filter { $0.id != id } ?? []
            if others.contains(where: { $0.name == name }) { throw TaskStoreError.conflict }
            (tag.name, tag.color) = (name ?? tag.name, color.applied(to: tag.color))
            state.tags[userID]?[index] = tag
            return tag
        }
    }

    func deleteTag(shard: Int16, userID: String, id: Int64) async throws -> Bool {
        try read { state in
            let before = state.tags[userID]?.count ?? 0
            state.tags[userID]?.removeAll { $0.id == id }
            return state.tags[userID]?.count ?? 0 < before
        }
    }

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
            && (isPaused == nil || (task.pausedAt != nil) == isPaused)
            && words.allSatisfy { word in
                "\(task.title)\n\(task.description ?? "")".lowercased()
                    .contains(word.lowercased())
            }
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
