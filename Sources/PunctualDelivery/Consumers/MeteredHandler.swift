// SPDX-License-Identifier: Apache-2.0

internal import Metrics
package import PunctualCore
internal import PunctualTime

/// Counts what a handler does, on every transport alike.
///
/// `punctual_consumer_events_total` has the results `handled`, `failed` (the batch comes again) and
/// `poison`; `punctual_consumer_lag_seconds` says how long ago the last event handled was released.
package struct MeteredHandler: EventHandler {
    package var name: String { handler.name }
    package var topics: Set<Topic> { handler.topics }

    private let handler: any EventHandler
    private let clock: WallClock
    private let handled: Counter
    private let failed: Counter
    private let poison: Counter
    private let lag: Gauge

    /// Wraps a handler.
    package init(_ handler: any EventHandler, clock: @escaping WallClock) {
        (self.handler, self.clock) = (handler, clock)
        let counter = { (result: String) in
            Counter(
                label: "punctual_consumer_events_total",
                dimensions: [("consumer", handler.name), ("result", result)]
            )
        }
        (handled, failed, poison) = (counter("handled"), counter("failed"), counter("poison"))
        lag = Gauge(
            label: "punctual_consumer_lag_seconds",
            dimensions: [("consumer", handler.name)]
        )
    }

    package func handle(_ batch: [ReleasedEvent]) async throws {
        do {
            try await handler.handle(batch)
        } catch let error as PoisonEvent {
            poison.increment()
            // Those before it have been handled; the others come again.
            handled.increment(by: batch.firstIndex { $0.id == error.id } ?? 0)
            throw error
        } catch {
            failed.increment(by: batch.count)
            throw error
        }
        handled.increment(by: batch.count)
        guard let last = batch.last else { return }
        let age =
            Double(clock().microsecondsSinceEpoch) - Double(last.timestamp.microsecondsSinceEpoch)
        lag.record(max(age, 0) / 1e6)
    }
}
