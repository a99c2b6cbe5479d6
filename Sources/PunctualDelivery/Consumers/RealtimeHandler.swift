// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Feeds the clients of this process that follow their user's events.
///
/// Every process needs all events: each is a group of consumers by itself. An event goes to the
/// clients first, and is recorded before it is done with, so that a client that resumes finds it
/// in one of the two places, however far whoever audits is behind.
package struct RealtimeHandler: EventHandler {
    package let name = ConsumerName.realtime
    package let topics: Set<Topic> = [.reminders, .taskUpdates]

    private let hub: UpdatesHub
    private let store: (any ConsumerStore)?

    /// Creates a handler that feeds `hub`; without a store its events are in `event_log` already.
    package init(hub: UpdatesHub, store: (any ConsumerStore)?) {
        (self.hub, self.store) = (hub, store)
    }

    package func handle(_ batch: [ReleasedEvent]) async throws {
        let events = batch.filter { $0.type.topic != .engine }
        guard !events.isEmpty else { return }
        guard let store else { return hub.publishLogged(events) }
        hub.publish(events)
        do {
            try await events.handled(by: store.record)
        } catch let error as PoisonEvent {
            // It cannot be recorded, and who follows it live has had it.
            hub.acknowledged(events.filter { $0.id == error.id })
            throw error
        }
        hub.acknowledged(events)
    }
}
