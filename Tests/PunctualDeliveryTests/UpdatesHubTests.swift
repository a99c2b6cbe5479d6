// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@testable import PunctualDelivery

@Suite struct UpdatesHubTests {
    let store = FakeEventStore()
    let ada = User(id: "ada")

    func makeHub(_ change: (inout UpdatesHub.Limits) -> Void = { _ in }) -> UpdatesHub {
        var limits = UpdatesHub.Limits()
        change(&limits)
        return UpdatesHub(
            eventStore: store,
            shards: Sample.shards,
            retention: .seconds(90 * 86_400),
            clock: { Sample.start.adding(microseconds: 1_000_000) },
            limits: limits
        )
    }

    @Test func `a client gets the events of its user and its topics, all that wait at once`()
        async throws
    {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        hub.publish([
            Sample.released(1), Sample.released(2, user: "bob"), Sample.released(3, type: .created),
            Sample.released(4),
        ])
        #expect(await stream.next()?.numbers == [1, 4])
    }

    @Test func `a change of a task goes to those who follow task-updates`() async throws {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.taskUpdates], after: nil)
        hub.publish([Sample.released(1), Sample.released(2, type: .completed)])
        #expect(await stream.next()?.numbers == [2])
    }

    @Test func `a waiting client is resumed by the next event`() async throws {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        async let messages = stream.next()
        hub.publish([Sample.released(1)])
        #expect(await messages?.numbers == [1])
    }

    @Test func `a stream ends when its client falls behind`() async throws {
        let hub = makeHub { $0.bufferedEvents = 3 }
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        hub.publish((1...4).map { Sample.released($0) })
        #expect(await stream.next() == nil)
        #expect(await stream.next() == nil)
    }

    @Test func `a stream ends when too many bytes wait`() async throws {
        let bytes = Sample.released(1).json.utf8.count
        let hub = makeHub { $0.bufferedBytes = 2 * bytes }
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        hub.publish([Sample.released(1), Sample.released(2)])
        #expect(await stream.next()?.numbers == [1, 2])
        hub.publish((3...5).map { Sample.released($0) })
        #expect(await stream.next() == nil)
    }

    @Test func `a cancelled stream ends and makes room`() async throws {
        let hub = makeHub { $0.streamsPerUser = 1 }
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        await #expect(throws: Problem.self) {
            _ = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        }
        stream.cancel()
        stream.cancel()
        #expect(await stream.next() == nil)
        _ = try await hub.updates(for: ada, topics: [.reminders], after: nil)
    }

    @Test func `a stream that nobody holds makes room`() async throws {
        let hub = makeHub { $0.streams = 1 }
        for _ in 0..<3 {
            _ = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        }
    }

    @Test func `a stop hands over what waits and ends every stream`() async throws {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        await running(hub) { hub.publish([Sample.released(1)]) }
        #expect(await stream.next()?.numbers == [1])
        #expect(await stream.next() == nil)
        await #expect(throws: Problem.self) {
            _ = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        }
    }

    @Test func `a cancelled task ends the wait`() async throws {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        let waiting = Task { await stream.next() }
        waiting.cancel()
        #expect(await waiting.value == nil)
    }

    @Test func `an event from the log that was released here is not repeated`() async throws {
        let hub = makeHub()
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: nil)
        let (logged, pending) = (Sample.released(1), Sample.released(2))
        hub.publish([logged, pending])
        hub.acknowledged([logged])
        hub.publishLogged([logged, pending, Sample.released(3)])
        #expect(await stream.next()?.numbers == [1, 2, 3])
    }

    // MARK: - Resuming

    @Test func `a client that resumes reads the log, then the unacknowledged, then the live`()
        async throws
    {
        let hub = makeHub()
        let events = (1...4).map {
            Sample.released($0, at: Sample.start.adding(microseconds: $0))
        }
        hub.publish(Array(events[..<3]))
        store.state.change { $0.log = Array(events[..<2]) }
        hub.acknowledged(Array(events[..<2]))
        let stream = try await hub.updates(
            for: ada,
            topics: [.reminders],
            after: events[0].cursor
        )
        hub.publish([events[3]])
        #expect(await stream.next()?.numbers == [2, 3])
        #expect(await stream.next()?.numbers == [4])
    }

    @Test func `a long absence is read in pages`() async throws {
        let hub = makeHub()
        // Many share one instant: the pages go on by id within it.
        let events = (1...1_234).map {
            Sample.released($0, at: Sample.start.adding(microseconds: $0 / 700))
        }
        store.state.change { $0.log = events }
        let cursor = EventCursor(timestamp: Sample.start, id: EventID(high: 0, low: 0))
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: cursor)
        var numbers: [Int64] = []
        while numbers.count < 1_234, let messages = await stream.next() {
            numbers += messages.numbers
            #expect(messages.count <= 500)
        }
        #expect(numbers.sorted() == Array(1...1_234))
        #expect(store.state.value.reads == 3)
    }

    @Test(arguments: [Int64.min, -1, 0, 1_700_000_000_000_000])
    func `a cursor older than the retention is reset`(microseconds: Int64) async throws {
        let hub = makeHub()
        let cursor = EventCursor(
            timestamp: WallInstant(microsecondsSinceEpoch: microseconds),
            id: EventID(high: 0, low: 0)
        )
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: cursor)
        hub.publish([Sample.released(1)])
        let first = await stream.next() ?? []
        guard first.count == 1, case .reset = first[0] else {
            Issue.record("no reset")
            return
        }
        #expect(await stream.next()?.numbers == [1])
    }

    @Test func `a cursor from the future resumes at the present`() async throws {
        let hub = makeHub()
        store.state.change { $0.log = [Sample.released(1)] }
        let cursor = EventCursor(
            timestamp: WallInstant(microsecondsSinceEpoch: .max),
            id: EventID(high: 0, low: 0)
        )
        let stream = try await hub.updates(for: ada, topics: [.reminders], after: cursor)
        #expect(await stream.next()?.numbers == [1])
    }

    @Test func `a stream ends when the log cannot be read`() async throws {
        let hub = makeHub { $0.streams = 1 }
        store.state.change { $0.failuresLeft = 1 }
        let stream = try await hub.updates(
            for: ada,
            topics: [.reminders],
            after: Sample.released(1).cursor
        )
        #expect(await stream.next() == nil)
        _ = try await hub.updates(for: ada, topics: [.reminders], after: nil)
    }
}

extension [UpdateMessage] {
    /// The numbers of the sample events in them.
    var numbers: [Int64] {
        compactMap { if case .event(let event) = $0 { event.taskID } else { nil } }
    }
}
