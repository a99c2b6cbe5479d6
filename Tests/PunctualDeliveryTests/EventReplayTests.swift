// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Testing

/// Sending the past again.
@Suite struct EventReplayTests {
    private let sink = CollectingTransport()
    private let timer = ManualTimer()

    private func replay(_ source: FakeReplaySource, rate: Int = .max) -> EventReplay {
        EventReplay(source: source, transport: sink, timer: timer, rate: rate)
    }

    private func day(of events: [ReleasedEvent]) -> (FakeReplaySource, ReplaySelection) {
        let selection = ReplaySelection(
            from: Sample.start,
            to: Sample.start.adding(microseconds: 86_400_000_000)
        )
        return (FakeReplaySource(events: events), selection)
    }

    @Test func `sends each event once, oldest first, however unevenly they lie`() async throws {
        // A herd on one instant, one event an hour, and a second of one a millisecond.
        let herd = (0..<1_700).map { Sample.released($0) }
        let hourly = (1..<20).map { hour in
            Sample.released(
                2_000 + hour,
                at: Sample.start.adding(microseconds: hour * 3_600_000_000)
            )
        }
        let dense = (0..<1_000).map { number in
            Sample.released(
                3_000 + number,
                at: Sample.start.adding(microseconds: 80_000_000_000 + number * 1_000)
            )
        }
        let (source, selection) = day(of: herd + hourly + dense)
        let sent = try await replay(source).run(selection)
        let received = sink.batches.value.flatMap { $0 }
        #expect(sent == 2_719 && received.count == 2_719)
        #expect(Set(received.map(\.id)).count == 2_719)
        #expect(received.map(\.timestamp) == received.map(\.timestamp).sorted())
        #expect(source.reads.value < 200, "empty hours cost little")
    }

    @Test func `sends nothing from outside the range`() async throws {
        let before = Sample.released(1, at: Sample.start.adding(microseconds: -1))
        let first = Sample.released(2)
        let after = Sample.released(
            3,
            at: Sample.start.adding(microseconds: 86_400_000_000)
        )
        let (source, selection) = day(of: [before, first, after])
        #expect(try await replay(source).run(selection) == 1)
        #expect(sink.batches.value.flatMap { $0 }.map(\.taskID) == [2])
    }

    @Test func `says how far it came when the transport fails`() async throws {
        let events = (0..<1_500).map { number in
            Sample.released(number, at: Sample.start.adding(microseconds: number * 1_000))
        }
        let (source, selection) = day(of: events)
        sink.failsAfter.change { $0 = 2 }
        let reached = Watched<WallInstant?>(nil)
        await #expect(throws: FakeEventStore.Outage.self) {
            try await replay(source).run(selection) { progress in
                reached.change { $0 = progress.reached }
            }
        }
        #expect(reached.value == events[999].timestamp)
    }

    @Test func `keeps to its rate`() async throws {
        let (source, selection) = day(of: (0..<10).map { Sample.released($0) })
        async let sent = replay(source, rate: 5).run(selection)
        // Five a second: the first five, and then the others a second later.
        await sink.batches.wait { $0.count == 1 }
        await timer.fire(atMost: .seconds(1))
        await sink.batches.wait { $0.count == 2 }
        await timer.fire(atMost: .seconds(2))
        #expect(try await sent == 10)
        #expect(sink.batches.value.map(\.count) == [5, 5])
    }
}

/// `event_log` in memory, as a replay reads it.
private final class FakeReplaySource: ReplaySource {
    let reads = Watched(0)
    private let events: [ReleasedEvent]

    init(events: [ReleasedEvent]) {
        self.events = events.sorted { ($0.timestamp, $0.id) < ($1.timestamp, $1.id) }
    }

    func counts(_ selection: ReplaySelection) async throws -> [(type: EventType, count: Int)] {
        [(.reminderDue, events.count)]
    }

    func events(
        _ selection: ReplaySelection,
        after cursor: EventCursor?,
        limit: Int
    ) async throws -> [ReleasedEvent] {
        reads.change { $0 += 1 }
        let found = events.lazy.filter { event in
            event.timestamp >= selection.from && event.timestamp < selection.to
                && cursor.map { (event.timestamp, event.id) > ($0.timestamp, $0.id) } ?? true
        }
        return Array(found.prefix(limit))
    }
}

/// Keeps what it is given, until it fails.
private final class CollectingTransport: Transport {
    let batches = Watched<[[ReleasedEvent]]>([])
    let failsAfter = Watched(Int.max)

    func publish(_ batch: [ReleasedEvent]) async throws {
        guard batches.value.count < failsAfter.value else { throw FakeEventStore.Outage() }
        batches.change { $0.append(batch) }
    }
}
