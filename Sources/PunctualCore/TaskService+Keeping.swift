// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

// What the engine asks for on its own account.
extension TaskService: SeriesKeeper {
    package func rollOver(_ event: StagedEvent) async throws {
        for _ in 0..<Self.maximumAttempts {
            let task = try await event.taskID.asyncFlatMap {
                try await store.task(shard: event.key.shard, userID: event.userID, id: $0)
            }
            var change = ChangeSet()
            change.settledKeys = [event.key]
            // Gone, or moved by an edit: its rollover is another one then, or none.
            if let task, task.reminders.contains(where: { $0.id == event.key.sourceID }),
                try await store.successor(shard: task.shard, of: task.id) == nil
            {
                var ids = IDSupply(try await store.reserveIDs(TaskPlanner.maximumIDsOfAChange))
                _ = planner.rollOver(task, now: clock(), ids: &ids, in: &change)
                store.returnIDs(ids.unused)
            }
            do {
                try await write(change)
                return
            } catch TaskStoreError.conflict { continue }
        }
        throw Problem(.conflict, "The series keeps being changed by others.")
    }

    package func deriveAnew(shards: [Int16]) async throws -> Int {
        let tasks = try await store.tasks(
            shards: shards,
            notDerivedWith: planner.zones.version,
            limit: 500
        )
        for task in tasks {
            var change = ChangeSet()
            var ids = IDSupply(try await store.reserveIDs(TaskPlanner.maximumIDsOfAChange))
            _ = planner.deriveAnew(task, now: clock(), ids: &ids, in: &change)
            store.returnIDs(ids.unused)
            // Somebody who changes the task at this moment derives it anew himself.
            do { try await write(change) } catch TaskStoreError.conflict { continue }
        }
        return tasks.count
    }
}

extension Optional {
    fileprivate func asyncFlatMap<Result>(
        _ transform: (Wrapped) async throws -> Result?
    ) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
