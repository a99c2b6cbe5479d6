// SPDX-License-Identifier: Apache-2.0

internal import Metrics
package import PunctualCore
internal import PunctualTime

/// Counts and traces what a handler does, on every transport alike.
///
/// `punctual_consumer_events_total` has the results `handled`, `failed` (the batch comes again) and
/// `poison`; `punctual_consumer_lag_seconds` says how long ago the last event handled was released.
/// An event that carries a trace gets a span of it; what is logged while one is handled by itself,
/// and what it causes, belongs to its trace.
package struct MeteredHandler: EventHandler {
    package var name: String { handler.name }
    package var topics: Set<Topic> { handler.topics }

    private let handler: any EventHandler
    private let clock: WallClock
    private let handled: Counter
    private let failed: Counter
    private let poison: Counter
    private let lag: Gauge
    private let spans: SpanRecorder?

    /// Wraps a handler; `spans` takes what is to be known of traced events, if anybody wants it.
    package init(
        _ handler: any EventHandler,
        clock: @escaping WallClock,
        spans: SpanRecorder? = nil
    ) {
        (self.handler, self.clock, self.spans) = (handler, clock, spans)
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
        guard batch.contains(where: { $0.traceparent != nil }) else {
            return try await count(batch)
        }
        let start = clock()
        // What a sidecar brings is a request of the same trace already.
        let caller = TraceContext.current?.traceparent
        let traced = batch.compactMap { event in
            event.traceparent.map { (event, TraceContext(traceparent: caller ?? $0)) }
        }
        let result: Result<Void, any Error>
        do {
            if let (_, trace) = traced.first, batch.count == 1 {
                try await TraceContext.$current.withValue(trace) { try await count(batch) }
            } else {
                try await count(batch)
            }
            result = .success(())
        } catch { result = .failure(error) }
        record(traced, since: start, result)
        try result.get()
    }

    private func record(
        _ traced: [(ReleasedEvent, TraceContext)],
        since start: WallInstant,
        _ result: Result<Void, any Error>
    ) {
        guard let spans else { return }
        let end = clock()
        let hasFailed: Bool = if case .failure = result { true } else { false }
        for (event, trace) in traced where trace.isSampled {
            spans(
                TraceSpan(
                    trace: trace,
                    name: "process \(name)",
                    kind: .consumer,
                    attributes: [
                        ("messaging.operation.name", .text("process")),
                        ("messaging.destination.name", .text(event.type.topic.rawValue)),
                        ("messaging.consumer.group.name", .text(name)),
                        ("messaging.message.id", .text(event.id.description)),
                    ],
                    hasFailed: hasFailed,
                    start: UInt64(clamping: start.microsecondsSinceEpoch) * 1_000,
                    end: UInt64(clamping: end.microsecondsSinceEpoch) * 1_000
                )
            )
        }
    }

    private func count(_ batch: [ReleasedEvent]) async throws {
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
