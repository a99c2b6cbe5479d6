// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Testing

/// What consumers make of a batch.
@Suite struct ConsumerHandlerTests {
    let store = FakeConsumerStore()

    @Test func `audit records what is published, and nothing else`() async throws {
        let batch = [
            Sample.released(1), Sample.released(2, type: .completed),
            Sample.released(3, type: .skipped),
        ]
        try await AuditHandler(store: store).handle(batch)
        #expect(store.recorded.value == [1, 2])
    }

    @Test func `notify makes deliveries of fired reminders alone`() async throws {
        let woken = Watched(0)
        let handler = NotifyHandler(store: store) { woken.change { $0 += 1 } }
        try await handler.handle([Sample.released(1), Sample.released(2, type: .created)])
        #expect(store.delivered.value == [1])
        #expect(woken.value == 1)
    }

    @Test func `one that can never be handled is named, and those before it are handled`()
        async throws
    {
        store.poison.change { $0 = [3] }
        let batch = (1...5).map { Sample.released($0) }
        let error = await #expect(throws: PoisonEvent.self) {
            try await AuditHandler(store: store).handle(batch)
        }
        #expect(error?.id == batch[2].id)
        #expect(store.recorded.value == [1, 2])
    }

    @Test func `recurring asks only about completed tasks, and for each that lacks the next`()
        async throws
    {
        let keeper = FakeKeeper()
        store.pending.change { $0 = [PendingSuccession(shard: 1, userID: "ada", taskID: 2)] }
        let handler = RecurringHandler(store: store, keeper: keeper)
        try await handler.handle([Sample.released(1)])
        #expect(keeper.succeeded.value.isEmpty)
        try await handler.handle([Sample.released(2, type: .completed)])
        #expect(keeper.succeeded.value == [2])
    }

    @Test func `a task that nobody can read holds up no other's next occurrence`() async throws {
        let keeper = FakeKeeper(unreadable: [2])
        store.pending.change { pending in
            pending = (1...3).map { PendingSuccession(shard: 1, userID: "ada", taskID: $0) }
        }
        let batch = (1...3).map { Sample.released($0, type: .completed) }
        let error = await #expect(throws: PoisonEvent.self) {
            try await RecurringHandler(store: store, keeper: keeper).handle(batch)
        }
        #expect(error?.id == batch[1].id && error?.reason == "no such rule")
        #expect(keeper.succeeded.value == [1, 3])
    }

    @Test func `realtime records an event before it is done with`() async throws {
        let hub = UpdatesHub(
            eventStore: FakeEventStore(),
            shards: Sample.shards,
            retention: .seconds(3_600),
            clock: { Sample.start }
        )
        let handler = RealtimeHandler(hub: hub, store: store)
        let stream = try await hub.updates(
            for: User(id: "ada"),
            topics: [.reminders],
            after: nil
        )
        try await handler.handle([Sample.released(1)])
        #expect(store.recorded.value == [1])
        guard case .event(let event) = try #require(await stream.next()?.first) else {
            Issue.record("not an event")
            return
        }
        #expect(event.taskID == 1)
    }
}

/// What consumers write, in memory; events are known by their task.
final class FakeConsumerStore: ConsumerStore {
    let recorded = Watched<[Int64]>([])
    let delivered = Watched<[Int64]>([])
    let poison = Watched<Set<Int64>>([])
    let pending = Watched<[PendingSuccession]>([])

    func record(_ events: [ReleasedEvent]) async throws {
        let tasks = events.compactMap(\.taskID)
        guard poison.value.isDisjoint(with: tasks) else { throw RejectedEvents(reason: "a NUL") }
        recorded.change { $0 += tasks }
    }

    func makeDeliveries(for events: [ReleasedEvent]) async throws {
        delivered.change { $0 += events.compactMap(\.taskID) }
    }

    func pendingSuccessions(of events: [ReleasedEvent]) async throws -> [PendingSuccession] {
        pending.value
    }

    func contains(_ mark: ConsumedMark) async throws -> Bool { false }
}

/// Remembers whom it gave a next occurrence.
private final class FakeKeeper: SuccessionKeeper {
    let succeeded = Watched<[Int64]>([])
    private let unreadable: Set<Int64>

    init(unreadable: Set<Int64> = []) { self.unreadable = unreadable }

    func succeed(_ pending: PendingSuccession, knownTo store: any ConsumerStore) async throws {
        if unreadable.contains(pending.taskID) { throw TaskStoreError.unreadable("no such rule") }
        succeeded.change { $0.append(pending.taskID) }
    }
}
