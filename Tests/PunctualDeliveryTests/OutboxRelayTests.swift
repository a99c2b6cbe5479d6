// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import ServiceLifecycle
import Synchronization
import Testing

@testable import PunctualDelivery

@Suite struct OutboxRelayTests {
    let store = FakeEventStore()
    let transport = RecordingTransport()
    let timer = ManualTimer()

    func makeRelay(
        transport: (any Transport)? = nil,
        acknowledgementInterval: Duration = .zero,
        drainTimeout: Duration = .seconds(10),
        onAcknowledged: @escaping @Sendable ([ReleasedEvent]) -> Void = { _ in }
    ) -> OutboxRelay {
        OutboxRelay(
            transport: transport ?? self.transport,
            eventStore: store,
            clock: { Sample.start },
            timer: timer,
            acknowledgementInterval: acknowledgementInterval,
            drainTimeout: drainTimeout,
            logger: quietLogger,
            onAcknowledged: onAcknowledged
        )
    }

    @Test func `hands events to a local transport before release returns`() {
        let relay = makeRelay()
        relay.release([Sample.staged(1)])
        #expect(transport.published.value.map(\.taskID) == [1])
        #expect(relay.pending == 1)
    }

    @Test func `stamps a change with the present, but never before its due`() {
        let relay = makeRelay()
        let later = Sample.start.adding(microseconds: 5)
        relay.release([Sample.staged(1), Sample.staged(2, due: later)])
        #expect(transport.published.value.map(\.timestamp) == [Sample.start, later])
    }

    @Test func `acknowledges in one statement what gathered while the last was in flight`() async {
        let relay = makeRelay()
        let user = Sample.user(parity: 0)
        await running(relay) {
            store.state.change { $0.isHeld = true }
            relay.release([Sample.staged(0, user: user)])
            await store.state.wait { $0.calls == 1 }
            for number in 1...1_500 { relay.release([Sample.staged(Int64(number), user: user)]) }
            store.state.change { $0.isHeld = false }
            await store.state.wait { $0.log.count == 1_501 }
        }
        #expect(store.state.value.batches.map(\.count) == [1, 1_000, 500])
        #expect(store.state.value.log.compactMap(\.taskID) == (0...1_500).map { Int64($0) })
        #expect(relay.pending == 0)
    }

    @Test func `lets an interval pass between the beginnings of two statements`() async {
        let relay = makeRelay(acknowledgementInterval: .seconds(60))
        let user = Sample.user(parity: 0)
        await running(relay) {
            relay.release([Sample.staged(0, user: user)])
            await store.state.wait { $0.log.count == 1 }
            for number in 1...3 { relay.release([Sample.staged(Int64(number), user: user)]) }
            #expect(store.state.value.calls == 1)
            await timer.fire(atLeast: .seconds(50))
            await store.state.wait { $0.log.count == 4 }
        } whileStopping: {
            await timer.fire(atLeast: .seconds(50))
        }
        #expect(store.state.value.batches.map(\.count) == [1, 3])
    }

    @Test func `has at most two statements in flight`() async {
        let relay = makeRelay()
        await running(relay) {
            store.state.change { $0.isHeld = true }
            for number in 0..<100 {
                relay.release([Sample.staged(Int64(number), user: "user \(number)")])
            }
            await store.state.wait { $0.calls == 2 }
            store.state.change { $0.isHeld = false }
            await store.state.wait { $0.log.count == 100 }
        }
        #expect(store.state.value.batches.count <= 4)
    }

    @Test func `repeats an acknowledgement until it succeeds`() async {
        let relay = makeRelay()
        store.state.change { $0.failuresLeft = 3 }
        await running(relay) {
            relay.release([Sample.staged(7)])
            for _ in 0..<3 { await timer.fire(atMost: .seconds(5)) }
            await store.state.wait { $0.log.count == 1 }
        }
        #expect(store.state.value.calls == 4)
        #expect(transport.published.value.count == 1)
    }

    @Test func `repeats a publication, and acknowledges only after it`() async {
        let remote = RemoteTransport(failures: 2)
        let relay = makeRelay(transport: remote)
        await running(relay) {
            relay.release([Sample.staged(7)])
            for attempt in 1...2 {
                await remote.calls.wait { $0 == attempt }
                #expect(store.state.value.calls == 0)
                await timer.fire(atMost: .seconds(5))
            }
            await store.state.wait { $0.log.count == 1 }
        }
        #expect(remote.calls.value == 3)
    }

    @Test func `records what the engine decided without publishing it`() async {
        let relay = makeRelay()
        await running(relay) {
            relay.release([Sample.staged(1, type: .skipped), Sample.staged(2)])
            await store.state.wait { $0.log.count == 2 }
        }
        #expect(transport.published.value.map(\.taskID) == [2])
    }

    @Test func `tells each releaser of its own keys, once`() async {
        let relay = makeRelay()
        let acknowledged = Watched<[Int: [OutboxKey]]>([:])
        let groups = (0..<20).map { group in
            (0..<130).map { Sample.released(Int64(group * 1_000 + $0), user: "user \($0 % 7)") }
        }
        await running(relay) {
            for (group, events) in groups.enumerated() {
                relay.release(events) { keys in
                    acknowledged.change { $0[group, default: []] += keys }
                }
            }
            await acknowledged.wait { $0.values.map(\.count).reduce(0, +) == 20 * 130 }
        }
        for (group, events) in groups.enumerated() {
            #expect(acknowledged.value[group].map(Set.init) == Set(events.map(\.key)))
        }
    }

    @Test(arguments: 1...20) func `keeps the order of each user`(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        let relay = makeRelay()
        var released: [String: [Int64]] = [:]
        var number: Int64 = 0
        var groups: [[StagedEvent]] = []
        for _ in 0..<200 {
            let user = "user \(Int.random(in: 0..<10, using: &generator))"
            let count = Int64.random(in: 1...9, using: &generator)
            groups.append((number..<number + count).map { Sample.staged($0, user: user) })
            released[user, default: []] += number..<number + count
            number += count
        }
        let total = Int(number)
        store.state.change { $0.failuresLeft = Int(seed % 4) }
        await running(makeRelayFiring(relay)) {
            for group in groups { relay.release(group) }
            await store.state.wait { $0.log.count == total }
        }
        let logged = Dictionary(grouping: store.state.value.log, by: \.userID)
            .mapValues { $0.compactMap(\.taskID) }
        #expect(logged == released, "seed \(seed)")
    }

    /// Fires the backoffs of `relay` as soon as they are armed.
    func makeRelayFiring(_ relay: OutboxRelay) -> OutboxRelay {
        let timer = timer
        let failures = store.state.value.failuresLeft
        Task { for _ in 0..<failures { await timer.fire(atMost: .seconds(5)) } }
        return relay
    }

    @Test func `drains what is pending at a graceful stop`() async {
        let relay = makeRelay()
        for number in 0..<10 { relay.release([Sample.staged(Int64(number))]) }
        await running(relay) {}
        #expect(store.state.value.log.count == 10)
    }

    @Test func `gives up draining when the time is over`() async {
        let relay = makeRelay(drainTimeout: .seconds(77))
        store.state.change { $0.failuresLeft = 1_000 }
        await running(relay) {
            relay.release([Sample.staged(1)])
            await store.state.wait { $0.calls == 1 }
        } whileStopping: {
            await timer.fire(atLeast: .seconds(77))
        }
        #expect(relay.pending == 1)
    }

    @Test func `announces at once, and then once an interval`() async {
        let relay = makeRelay()
        await running(relay) {
            relay.release([Sample.staged(0)])
            await store.state.wait { $0.log.count == 1 }
            #expect(store.state.value.announcements == 0)
            relay.setListeners(1)
            relay.release([Sample.staged(1)])
            await store.state.wait { $0.announcements == 1 }
            for number in 2..<6 {
                relay.release([Sample.staged(Int64(number))])
                await store.state.wait { $0.log.count == number + 1 }
            }
            #expect(store.state.value.announcements == 1)
            await timer.fire(atMost: .milliseconds(50))
            await store.state.wait { $0.announcements == 2 }
        }
        #expect(store.state.value.announcements == 2)
    }

    @Test func `tells what was acknowledged`() async {
        let acknowledged = Watched<[Int64]>([])
        let relay = makeRelay { events in
            acknowledged.change { $0 += events.compactMap(\.taskID) }
        }
        await running(relay) {
            relay.release([Sample.staged(3)])
            await acknowledged.wait { $0 == [3] }
        }
        #expect(transport.acknowledgedEvents.value.map(\.taskID) == [3])
    }
}

/// A transport in memory.
final class RecordingTransport: ImmediateTransport {
    let published = Watched<[ReleasedEvent]>([])
    let acknowledgedEvents = Watched<[ReleasedEvent]>([])

    func publishNow(_ batch: [ReleasedEvent]) { published.change { $0 += batch } }
    func acknowledged(_ batch: [ReleasedEvent]) { acknowledgedEvents.change { $0 += batch } }
}

/// A transport that fails some times before it accepts anything.
final class RemoteTransport: Transport {
    let calls = Watched(0)
    private let failures: Int

    init(failures: Int) { self.failures = failures }

    func publish(_ batch: [ReleasedEvent]) async throws {
        let call = calls.change { calls in
            calls += 1
            return calls
        }
        if call <= failures { throw FakeEventStore.Outage() }
    }
}

/// Runs a service while `body` runs, and stops it gracefully.
func running(
    _ service: any Service,
    _ body: () async throws -> Void,
    whileStopping: () async -> Void = {}
) async rethrows {
    let group = ServiceGroup(
        services: [service],
        logger: quietLogger
    )
    let run = Task { try await group.run() }
    try await body()
    await group.triggerGracefulShutdown()
    await whileStopping()
    _ = await run.result
}
