// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Synchronization

/// The ports of a task service in memory: a store that keeps its promises, an engine that confirms
/// what a test lets it confirm, and a relay that remembers.
final class MemoryPorts: TaskStore, EngineHints, ChangeRelay {
    struct State {
        var now = WallInstant(secondsSinceEpoch: 0)
        var lastID: Int64 = 0
        var tasks: [Int64: TaskItem] = [:]
        var waiting: [Int64: ArmedReminder] = [:]
        var staged: Set<Int64> = []
        /// Moved from `waiting` to `staged` by the next change, unseen by it.
        var stagedMeanwhile: Set<Int64> = []
        var confirmed: Set<Int64> = []
        var entries: [SeriesEntry] = []
        var events: [StagedEvent] = []
        var settled: [OutboxKey] = []
        var answers: [String: RememberedAnswer] = [:]
        var hints: [WallInstant] = []
        var conflicts = 0
    }
    private let state = Mutex(State())

    /// Looks at what is remembered, or changes it.
    func edit<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        state.withLock { body(&$0) }
    }

    var now: WallInstant {
        get { state.withLock { $0.now } }
        set { state.withLock { $0.now = newValue } }
    }
    /// The reminders that wait, by due.
    var waiting: [ArmedReminder] {
        state.withLock { $0.waiting.values.sorted { ($0.due, $0.id) < ($1.due, $1.id) } }
    }
    var entries: [SeriesEntry] { state.withLock { $0.entries } }
    var hints: [WallInstant] { state.withLock { $0.hints } }

    /// The events released so far of one type.
    func events(_ type: EventType) -> [StagedEvent] {
        state.withLock { $0.events.filter { $0.type == type } }
    }

    func reserveIDs(_ count: Int) async throws -> [Int64] {
        state.withLock { state in
            defer { state.lastID += Int64(count) }
            return (0..<Int64(count)).map { state.lastID + 1 + $0 }
        }
    }

    func task(shard: Int16, userID: String, id: Int64) async throws -> TaskItem? {
        state.withLock { state in state.tasks[id].flatMap { $0.userID == userID ? $0 : nil } }
    }

    func successor(shard: Int16, of predecessorID: Int64) async throws -> TaskItem? {
        state.withLock { $0.tasks.values.first { $0.predecessorID == predecessorID } }
    }

    func tasks(
        shard: Int16,
        userID: String,
        matching query: TaskQuery
    ) async throws -> TaskPage {
        let after = query.cursor.flatMap { Int64($0) } ?? 0
        let wanted = state.withLock { state in
            state.tasks.values.filter { task in
                task.userID == userID && task.id > after
                    && (query.seriesID == nil || task.seriesID == query.seriesID)
                    && (query.priorities.isEmpty || query.priorities.contains(task.priority))
            }
        }.sorted { $0.id < $1.id }
        let page = Array(wanted.prefix(query.limit))
        return TaskPage(
            items: page,
            nextCursor: wanted.count > page.count ? page.last.map { String($0.id) } : nil
        )
    }

    func apply(_ change: ChangeSet) async throws -> ChangeOutcome {
        try state.withLock { state in
            if state.conflicts > 0 {
                state.conflicts -= 1
                throw TaskStoreError.conflict
            }
            try state.check(change)
            return state.apply(change)
        }
    }

    func withdrawStaged(shard: Int16, reminderIDs: [Int64]) async throws -> Set<Int64> {
        state.withLock { state in
            let found = state.staged.intersection(reminderIDs)
            state.staged.subtract(found)
            return found
        }
    }

    func whereabouts(of reminders: [WithdrawnReminder]) async throws -> ChangeOutcome {
        state.withLock { state in
            let ids = Set(reminders.map(\.id))
            return ChangeOutcome(
                waiting: ids.intersection(state.waiting.keys),
                staged: ids.intersection(state.staged)
            )
        }
    }

    func seriesEntries(
        shard: Int16,
        seriesID: Int64,
        matching query: HistoryQuery
    ) async throws -> [SeriesEntry] {
        entries.filter { $0.seriesID == seriesID }
    }

    func answer(shard: Int16, userID: String, key: String) async throws -> RememberedAnswer? {
        state.withLock { $0.answers[key] }
    }

    func upsertUser(_ user: User, shard: Int16) async throws {}

    func tasks(
        shards: [Int16],
        notDerivedWith version: String,
        limit: Int
    ) async throws -> [TaskItem] {
        state.withLock { state in
            state.tasks.values.filter { task in
                task.status == .active && task.tzdata.map { $0 < version } ?? false
            }
        }
    }

    func hint(shard: Int16, due: WallInstant) { state.withLock { $0.hints.append(due) } }

    func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> {
        state.withLock { state in Set(keys.filter { state.confirmed.contains($0.sourceID) }) }
    }

    func release(_ events: [StagedEvent]) { state.withLock { $0.events += events } }
}

extension MemoryPorts.State {
    func check(_ change: ChangeSet) throws {
        if let answer = change.answer, let given = answers[answer.key] {
            throw TaskStoreError.answered(given)
        }
        let predecessors = Set(tasks.values.compactMap(\.predecessorID))
        let gone = Set(change.deletedTasks.map(\.id))
        guard change.updatedTasks.allSatisfy({ tasks[$0.id]?.version == $0.version - 1 }),
            change.deletedTasks.allSatisfy({ tasks[$0.id]?.version == $0.version }),
            change.insertedTasks.compactMap(\.predecessorID)
                .allSatisfy({ !predecessors.contains($0) }),
            change.insertedTasks.allSatisfy({ !gone.contains($0.id) })
        else { throw TaskStoreError.conflict }
    }

    mutating func apply(_ change: ChangeSet) -> ChangeOutcome {
        for task in change.insertedTasks + change.updatedTasks { tasks[task.id] = task }
        for task in change.deletedTasks { tasks[task.id] = nil }
        for id in stagedMeanwhile { waiting[id] = nil }
        let ids = Set(change.withdrawnReminders.map(\.id))
        let outcome = ChangeOutcome(
            waiting: ids.intersection(waiting.keys),
            staged: ids.intersection(staged)
        )
        for id in ids { waiting[id] = nil }
        staged.subtract(ids)
        staged.formUnion(stagedMeanwhile)
        for row in change.armedReminders { waiting[row.id] = row }
        entries += change.seriesEntries
        settled += change.settledKeys
        if let answer = change.answer { answers[answer.key] = answer }
        return outcome
    }
}
