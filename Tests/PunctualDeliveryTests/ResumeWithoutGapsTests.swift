// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Synchronization
import Testing

/// A client that comes and goes, while events are released here and by another process, and are
/// logged sooner or later, also in the middle of its reads.
@Suite struct ResumeWithoutGapsTests {
    @Test(arguments: 1...150) func `a client that resumes misses nothing`(seed: UInt64) async throws
    {
        let world = World(seed: seed)
        var client = Client(world: world)
        for _ in 0..<60 {
            world.step()
            switch world.random(6) {
            case 0: try await client.disconnectAndResume()
            case 1: await client.readUpTo(world.releaseHere())
            case 2: await client.readOnce()
            default: break
            }
        }
        world.settle()
        if world.random(2) == 0 { try await client.disconnectAndResume() }
        await client.readUpTo(world.releaseHere())
        #expect(world.expected.subtracting(client.seen).isEmpty, "seed \(seed)")
    }

    @Test(arguments: 1...50) func `a quiet client gets nothing twice`(seed: UInt64) async throws {
        let world = World(seed: seed, hasOtherProcess: false)
        var client = Client(world: world)
        for _ in 0..<100 { world.step() }
        try await client.disconnectAndResume()
        for _ in 0..<20 { world.step() }
        await client.readUpTo(world.releaseHere())
        #expect(client.received.count == Set(client.received).count, "seed \(seed)")
    }
}

/// One user's events, released by two processes, and what has become of them.
private final class World: Sendable {
    private struct State {
        var generator: SeededGenerator
        var now = Sample.start
        var number: Int64 = 0
        var released: [ReleasedEvent] = []
        var unacknowledged: [ReleasedEvent] = []
        /// Released by the other process: logged at once or later, read from the log later still.
        var elsewhere: [ReleasedEvent] = []
        var unread: [ReleasedEvent] = []
    }
    let store = FakeEventStore()
    let hub: UpdatesHub
    private let state: Mutex<State>
    private let time: Watched<WallInstant>
    private let hasOtherProcess: Bool

    init(seed: UInt64, hasOtherProcess: Bool = true) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        let time = Watched(Sample.start)
        self.time = time
        self.hasOtherProcess = hasOtherProcess
        hub = UpdatesHub(
            eventStore: store,
            shards: Sample.shards,
            retention: .seconds(86_400),
            clock: { time.value }
        )
        store.duringRead.change { $0 = { [weak self] in self?.step() } }
    }

    var expected: Set<EventID> { Set(state.withLock { $0.released.map(\.id) }) }

    func random(_ bound: Int) -> Int {
        state.withLock { Int.random(in: 0..<bound, using: &$0.generator) }
    }

    /// Lets something happen, and up to half a second pass.
    func step() {
        time.change { [self] in $0 = $0.adding(microseconds: Int64(random(500_000))) }
        switch random(hasOtherProcess ? 6 : 3) {
        case 0: _ = releaseHere()
        case 1: acknowledge(atMost: 3)
        case 2: for _ in 0...random(4) { _ = releaseHere() }
        case 3: releaseElsewhere()
        case 4: logElsewhere()
        default: readLog()
        }
        // What another process takes to log, and we to read it, stays below the overlap.
        let oldest = state.withLock { ($0.elsewhere + $0.unread).map(\.timestamp).min() }
        guard let oldest, oldest.adding(microseconds: 10_000_000) < time.value else { return }
        logElsewhere()
        readLog()
    }

    /// Lets everything arrive that is under way, and nothing happen any more.
    func settle() {
        store.duringRead.change { $0 = nil }
        acknowledge(atMost: .max)
        logElsewhere()
        readLog()
    }

    func releaseHere() -> EventID {
        let event = makeEvent()
        state.withLock { $0.unacknowledged.append(event) }
        hub.publish([event])
        return event.id
    }

    private func makeEvent() -> ReleasedEvent {
        let now = time.value
        return state.withLock { state in
            state.number += 1
            let event = Sample.released(state.number, at: now)
            state.released.append(event)
            return event
        }
    }

    private func releaseElsewhere() {
        let event = makeEvent()
        state.withLock { $0.elsewhere.append(event) }
    }

    private func acknowledge(atMost limit: Int) {
        let batch = state.withLock { state in
            let batch = Array(state.unacknowledged.prefix(limit))
            state.unacknowledged.removeFirst(batch.count)
            return batch
        }
        store.state.change { $0.log += batch }
        // Those who join between the commit and this see the events in both places.
        hub.acknowledged(batch)
    }

    private func logElsewhere() {
        let batch = state.withLock { state in
            defer { state.elsewhere = [] }
            state.unread += state.elsewhere
            return state.elsewhere
        }
        store.state.change { $0.log += batch }
    }

    private func readLog() {
        hub.publishLogged(
            state.withLock { state in
                defer { state.unread = [] }
                return state.unread
            }
        )
    }
}

/// What one client has received, over all its streams.
private struct Client {
    let world: World
    var stream: (any UpdateStream)?
    var cursor = EventCursor(timestamp: Sample.start, id: EventID(high: 0, low: 0))
    var received: [EventID] = []
    var seen: Set<EventID> { Set(received) }

    init(world: World) { self.world = world }

    mutating func disconnectAndResume() async throws {
        stream?.cancel()
        stream = try await world.hub.updates(
            for: User(id: "ada"),
            topics: [.reminders],
            after: cursor
        )
    }

    /// Reads until an event arrives that was released, or reconnects to get it.
    mutating func readUpTo(_ id: EventID) async {
        while !received.contains(id) {
            if stream == nil { try? await disconnectAndResume() }
            await take(await stream?.next())
        }
    }

    mutating func readOnce() async {
        guard stream != nil else { return }
        // Something must be there, or it would wait for ever.
        _ = world.releaseHere()
        await take(await stream?.next())
    }

    private mutating func take(_ messages: [UpdateMessage]?) async {
        for case .event(let event) in messages ?? [] {
            received.append(event.id)
            cursor = event.cursor
        }
        if messages == nil { stream = nil }
    }
}
