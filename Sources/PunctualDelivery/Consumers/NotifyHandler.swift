// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Makes the deliveries of fired reminders and jobs, where no acknowledgement makes them.
package struct NotifyHandler: EventHandler {
    package let name = ConsumerName.notify
    package let topics: Set<Topic> = [.reminders]

    private let store: any ConsumerStore
    private let onDeliveries: @Sendable () -> Void

    /// Creates a handler; `onDeliveries` wakes whoever delivers, and must not block.
    package init(
        store: any ConsumerStore,
        onDeliveries: @escaping @Sendable () -> Void = {}
    ) {
        (self.store, self.onDeliveries) = (store, onDeliveries)
    }

    package func handle(_ batch: [ReleasedEvent]) async throws {
        try await batch.filter { $0.type.topic == .reminders }
            .handled(by: store.makeDeliveries(for:))
        onDeliveries()
    }
}
