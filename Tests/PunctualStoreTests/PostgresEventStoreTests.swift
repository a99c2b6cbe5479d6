// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct PostgresEventStoreTests {
    private static let counts = """
        SELECT (SELECT count(*) FROM outbox) * 10000 + (SELECT count(*) FROM event_log) * 100
            + (SELECT count(*) FROM deliveries)
        """

    /// Stages reminders at the present, and hands their events over as released under the lease.
    private func staged(
        _ store: StoreFixture,
        remindersAfter seconds: [Int64] = [0, 0],
        _ body: ([ReleasedEvent], PostgresReminderStore) async throws -> Void
    ) async throws {
        _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: seconds)))
        try await store.withEngine { engine in
            let range = try await engine.range(of: 7, leaseMilliseconds: 0)
            let events = try await engine.stage([range], upTo: .present, limit: 99).events
            try await body(
                events.map { $0.released(at: .present, epoch: range.lease.epoch) },
                engine
            )
        }
    }

    @Test func `an acknowledgement moves the event into the log, once`() async throws {
        try await StoreFixture.with("events") { store in
            let channels = ["https://a", "https://b"].map {
                DeliveryChannel(channel: "webhook", target: $0)
            }
            let log = PostgresEventStore(pool: store.pool, channels: channels)
            try await staged(store) { events, _ in
                #expect(try await store.integer(Self.counts) == 2_00_00)
                for _ in 0..<2 {
                    try await log.acknowledge(events)
                    #expect(try await store.integer(Self.counts) == 2_04)
                }
                let read = try await log.events(
                    shard: 7,
                    userID: "u",
                    after: .present,
                    skipping: nil,
                    limit: 9
                )
                #expect(Set(read.map(\.id)) == Set(events.map(\.id)))
                #expect(read.allSatisfy { $0.timestamp == .present && $0.type == .reminderDue })
                let row = """
                    SELECT count(*) FROM event_log WHERE topic = 'reminders' AND processed
                        AND task_id = 1 AND payload->>'event_id' = event_id::text
                        AND (payload->>'timestamp')::timestamptz = "timestamp"
                    """
                #expect(try await store.integer(row) == 2)
            }
        }
    }

    @Test func `a former owner acknowledges nothing`() async throws {
        try await StoreFixture.with("events") { store in
            let log = PostgresEventStore(pool: store.pool)
            try await staged(store) { events, _ in
                try await store.withEngine { owner in
                    let range = try await owner.range(of: 7)
                    try await log.acknowledge(events)
                    #expect(try await store.integer(Self.counts) == 2_00_00)
                    let recovered = try await owner.stagedEvents(
                        [range.lease],
                        after: nil,
                        limit: 9
                    )
                    #expect(Set(recovered.map(\.id)) == Set(events.map(\.id)))
                    let epoch = range.lease.epoch
                    try await log.acknowledge(
                        recovered.map { $0.released(at: .present, epoch: epoch) }
                    )
                    #expect(try await store.integer(Self.counts) == 2_00)
                }
            }
        }
    }

    @Test func `only what fires is delivered to channels`() async throws {
        try await StoreFixture.with("events") { store in
            let log = PostgresEventStore(
                pool: store.pool,
                channels: [DeliveryChannel(channel: "webhook", target: "t")]
            )
            var change = ChangeSet()
            change.events = EventType.allCases.enumerated().map { index, type in
                StagedEvent(
                    key: OutboxKey(
                        shard: 7,
                        sourceID: Int64(index),
                        nominal: CivilDateTime(secondsSinceEpoch: 0)
                    ),
                    type: type,
                    taskID: nil,
                    userID: "u",
                    due: .present,
                    payload: "{\"a\":1}"
                )
            }
            _ = try await store.tasks.apply(change)
            // Epoch 0: a change needs no lease.
            try await log.acknowledge(change.events.map { $0.released(at: .present) })
            #expect(
                try await store.integer(Self.counts) == Int64(EventType.allCases.count) * 100 + 2
            )
            func published() async throws -> [ReleasedEvent] {
                try await log.events(
                    shard: 7,
                    userID: "u",
                    after: .present,
                    skipping: nil,
                    limit: 99
                )
            }
            #expect(try await published().allSatisfy { $0.type.topic != .engine })
            #expect(try await published().count == 6)
            // What a newer version has logged is none of this one's business.
            let newer = "UPDATE event_log SET event_type = 'newer' WHERE event_type = 'created'"
            _ = try await store.pool.execute(PostgresStatement(sql: newer))
            #expect(try await published().count == 5)
        }
    }

    @Test func `what a former owner left is read in pages, and by key`() async throws {
        try await StoreFixture.with("events") { store in
            try await staged(store, remindersAfter: (0..<7).map { -$0 }) { events, engine in
                var read: [StagedEvent] = []
                let lease = ShardLease(shard: 7, epoch: 1)
                var page: [StagedEvent]
                repeat {
                    page = try await engine.stagedEvents([lease], after: read.last?.key, limit: 3)
                    read += page
                } while page.count == 3
                #expect(read.map(\.key.sourceID) == Array(100..<107))
                #expect(Set(read.map(\.id)) == Set(events.map(\.id)))
                let other = ShardLease(shard: 8, epoch: 1)
                #expect(try await engine.stagedEvents([other], after: nil, limit: 9).isEmpty)
                let two = try await engine.stagedEvents([read[1].key, read[5].key])
                #expect(Set(two.map(\.payload)) == [read[1].payload, read[5].payload])
            }
        }
    }

    @Test func `a client's events are read on from its cursor`() async throws {
        try await StoreFixture.with("events") { store in
            let log = PostgresEventStore(pool: store.pool)
            try await staged(store, remindersAfter: (0..<7).map { -$0 / 2 }) { events, _ in
                try await log.acknowledge(events)
                let first = try await log.events(
                    shard: 7,
                    userID: "u",
                    after: .present,
                    skipping: nil,
                    limit: 3
                )
                let rest = try await log.events(
                    shard: 7,
                    userID: "u",
                    after: .present,
                    skipping: first.last?.cursor,
                    limit: 9
                )
                #expect((first + rest).map(\.id) == events.map(\.id).sorted())
                let none = try await log.events(
                    shard: 7,
                    userID: "v",
                    after: .present,
                    skipping: nil,
                    limit: 9
                )
                #expect(none.isEmpty)
            }
        }
    }
}
