// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Testing

@Suite struct LogReaderTests {
    let source = FakeLogSource()
    let timer = ManualTimer()
    let handled = Watched<[Int64]>([])

    func makeReader(_ name: String? = nil) -> LogReader {
        let handled = handled
        return LogReader(source: source, reader: name, timer: timer, logger: quietLogger) {
            events in
            handled.change { $0 += events.compactMap(\.taskID) }
        }
    }

    @Test func `reads everything new in pages, in order`() async {
        source.log.change { $0.events = (0..<1_200).map { Sample.released($0) } }
        await running(makeReader("audit")) {
            await handled.wait { $0.count == 1_200 }
        }
        #expect(handled.value == Array(0..<1_200))
        #expect(source.log.value.saved["audit"] == "1200")
    }

    @Test func `reads at once when it is woken, and every second when it is not`() async {
        let reader = makeReader()
        await running(reader) {
            await source.log.wait { $0.reads == 1 }
            source.log.change { $0.events.append(Sample.released(1)) }
            reader.wake()
            await handled.wait { $0 == [1] }
            source.log.change { $0.events.append(Sample.released(2)) }
            // The first timer belongs to a wait that is over.
            await timer.fire(atLeast: .seconds(1), atMost: .seconds(1))
            await timer.fire(atLeast: .seconds(1), atMost: .seconds(1))
            await handled.wait { $0 == [1, 2] }
        }
        #expect(source.log.value.saved.isEmpty)
    }

    @Test func `leaves out what can never be handled, and goes on behind it`() async {
        source.log.change { state in
            state.events = (0..<700).map { Sample.released($0) }
            state.unreadable = [UnreadableEvent(Sample.released(1_000).id, reason: "no such type")]
        }
        let handled = handled
        let poison: Set<Int64> = [3, 4, 499, 699]
        let reader = LogReader(
            source: source,
            reader: "recurring",
            timer: timer,
            logger: quietLogger
        ) { events in
            let culprit = events.firstIndex { $0.taskID.map(poison.contains) == true }
            handled.change { $0 += events[..<(culprit ?? events.endIndex)].compactMap(\.taskID) }
            if let culprit { throw PoisonEvent(events[culprit].id, reason: "a corrupt task") }
        }
        await running(reader) { await source.log.wait { $0.saved["recurring"] == "700" } }
        #expect(handled.value == (0..<700).filter { !poison.contains($0) })
    }

    @Test func `goes on where it was after an outage`() async {
        source.log.change { $0.failuresLeft = 2 }
        await running(makeReader()) {
            for _ in 0..<2 { await timer.fire(atMost: .seconds(5)) }
            await source.log.wait { $0.reads == 1 }
            source.log.change { state in
                state.events = (0..<700).map { Sample.released($0) }
                state.failsAfterReads = 2
            }
            await timer.fire(atLeast: .seconds(1))
            for _ in 0..<2 { await timer.fire(atMost: .seconds(5)) }
            await handled.wait { Set($0).count == 700 }
        }
    }
}

/// `event_log` in memory; a position is the number of events read.
final class FakeLogSource: EventLogSource {
    struct State: Sendable {
        var events: [ReleasedEvent] = []
        var unreadable: [UnreadableEvent] = []
        var reads = 0
        var failuresLeft = 0
        var failsAfterReads: Int?
        var saved: [String: String] = [:]
    }
    let log = Watched(State())

    func position(of reader: String?) async throws -> LogPosition {
        LogPosition(snapshot: reader.flatMap { log.value.saved[$0] } ?? "0")
    }

    func events(after position: LogPosition, limit: Int) async throws -> LogPage {
        let fails = log.change { state in
            if state.failsAfterReads == state.reads {
                state.failsAfterReads = nil
                return true
            }
            defer { state.failuresLeft = max(0, state.failuresLeft - 1) }
            return state.failuresLeft > 0
        }
        if fails { throw FakeEventStore.Outage() }
        return log.change { state in
            state.reads += 1
            let start = Int(position.horizon ?? position.snapshot) ?? 0
            let events = Array(state.events.dropFirst(start).prefix(limit))
            let end = String(start + events.count)
            let isLast = events.count < limit
            return LogPage(
                events: events,
                unreadable: state.unreadable,
                position: isLast
                    ? LogPosition(snapshot: end)
                    : LogPosition(snapshot: position.snapshot, horizon: end),
                isLast: isLast
            )
        }
    }

    func save(_ position: LogPosition, of reader: String) async throws {
        log.change { $0.saved[reader] = position.snapshot }
    }
}
