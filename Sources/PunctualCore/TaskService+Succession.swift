// SPDX-License-Identifier: Apache-2.0

// What the `recurring` consumer asks for.
extension TaskService: SuccessionKeeper {
    package func succeed(
        _ pending: PendingSuccession,
        knownTo consumed: any ConsumerStore
    ) async throws {
        for _ in 0..<Self.maximumAttempts {
            guard
                let task = try await store.task(
                    shard: pending.shard,
                    userID: pending.userID,
                    id: pending.taskID
                ),
                let mark = task.successionMark,
                try await store.successor(shard: task.shard, of: task.id) == nil,
                // The next occurrence was there, and somebody has deleted it.
                try await !consumed.contains(mark)
            else { return }
            var change = ChangeSet()
            var ids = IDSupply(try await store.reserveIDs(TaskPlanner.maximumIDsOfAChange))
            let plan = planner.succeed(task, now: clock(), ids: &ids, in: &change)
            store.returnIDs(ids.unused)
            guard plan.next != nil else { return }
            do {
                try await write(change)
                return
            } catch TaskStoreError.conflict { continue }
        }
        throw Problem(.conflict, "The task keeps being changed by others.")
    }
}

extension TaskItem {
    /// What says that this completion has had its next occurrence; nil when it is to have none.
    var successionMark: ConsumedMark? {
        guard status == .completed, let completedAt, recurrence?.rollover == .onCompletion else {
            return nil
        }
        return .succession(of: id, shard: shard, completedAt: completedAt)
    }
}
