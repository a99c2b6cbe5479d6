// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Testing

/// What is told of the trace to which an event belongs.
@Suite struct TracedHandlingTests {
    private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private let spans = Watched<[TraceSpan]>([])

    private func event(_ number: Int64, _ traceparent: String?) -> ReleasedEvent {
        StagedEvent(
            key: OutboxKey(
                shard: 1,
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000)
            ),
            type: .reminderDue,
            taskID: number,
            userID: "ada",
            due: Sample.start,
            payload: "{}",
            traceparent: traceparent
        ).released(at: Sample.start)
    }

    private func handler(_ store: FakeConsumerStore) -> MeteredHandler {
        MeteredHandler(
            AuditHandler(store: store),
            clock: { Sample.start },
            spans: { span in spans.change { $0.append(span) } }
        )
    }

    @Test func `each traced event of a batch gets a span of its trace, the others none`()
        async throws
    {
        let batch = [
            event(1, "00-\(trace)-00f067aa0ba902b7-01"), event(2, nil),
            event(3, "00-\(trace)-00f067aa0ba902b8-01"),
            // Its caller does not record the trace, so nobody does.
            event(4, "00-\(trace)-00f067aa0ba902b9-00"),
        ]
        let store = FakeConsumerStore()
        try await handler(store).handle(batch)
        #expect(store.recorded.value == [1, 2, 3, 4])
        #expect(spans.value.map(\.trace.traceID) == [trace, trace])
        #expect(spans.value.map(\.trace.parentID) == ["00f067aa0ba902b7", "00f067aa0ba902b8"])
        #expect(spans.value.map(\.name) == ["process audit", "process audit"])
        #expect(spans.value.map(\.hasFailed) == [false, false])
    }

    @Test func `a failure is a span that failed, and comes out as it was`() async throws {
        let store = FakeConsumerStore()
        store.poison.change { $0 = [1] }
        await #expect(throws: PoisonEvent.self) {
            try await handler(store).handle([event(1, "00-\(trace)-00f067aa0ba902b7-01")])
        }
        #expect(spans.value.map(\.hasFailed) == [true])
    }
}
