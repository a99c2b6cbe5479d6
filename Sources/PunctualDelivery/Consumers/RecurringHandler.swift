// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Sees that every completed task of a series has its next occurrence.
///
/// An event only says where to look. The API makes the next occurrence in the statement that
/// completes the task, so that almost always there is nothing to do; what completes a task in
/// another way gets it here.
package struct RecurringHandler: EventHandler {
    package let name = ConsumerName.recurring
    package let topics: Set<Topic> = [.taskEvents]

    private let store: any ConsumerStore
    private let keeper: any SuccessionKeeper

    /// Creates a handler over its ports.
    package init(store: any ConsumerStore, keeper: any SuccessionKeeper) {
        (self.store, self.keeper) = (store, keeper)
    }

    package func handle(_ batch: [ReleasedEvent]) async throws {
        let completed = batch.filter { $0.type == .completed && $0.taskID != nil }
        guard !completed.isEmpty else { return }
        var unreadable: [Int64: String] = [:]
        for pending in try await store.pendingSuccessions(of: completed) {
            do {
                try await keeper.succeed(pending, knownTo: store)
            } catch TaskStoreError.unreadable(let reason) {
                unreadable[pending.taskID] = reason
            }
        }
        // The others have theirs by now; one task that nobody can read must not hold them up.
        for event in completed {
            if let reason = event.taskID.flatMap({ unreadable[$0] }) {
                throw PoisonEvent(event.id, reason: reason)
            }
        }
    }
}
