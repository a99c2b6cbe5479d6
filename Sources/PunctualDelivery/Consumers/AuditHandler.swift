// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Records every event in `event_log`, where no acknowledgement does.
///
/// The row itself says that the event has been handled: a repeat finds it and changes nothing.
package struct AuditHandler: EventHandler {
    package let name = ConsumerName.audit
    package let topics: Set<Topic> = [.taskEvents, .reminders]

    private let store: any ConsumerStore

    /// Creates a handler over its port.
    package init(store: any ConsumerStore) { self.store = store }

    package func handle(_ batch: [ReleasedEvent]) async throws {
        try await batch.filter { topics.contains($0.type.topic) }.handled(by: store.record)
    }
}
