// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualCore
import PunctualKafka
import PunctualLoop
import PunctualTime
import Synchronization

/// A producer and its transport over a mock cluster, on a loop of their own.
struct Desk {
    static let shards = ShardMap(count: 64)

    let cluster: MockCluster
    let loop: LoopExecutor
    let producer: KafkaProducer
    let transport: KafkaTransport
    let settings: KafkaSettings
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Lends a desk to `body`, and clears it afterwards.
    static func with(
        format: KafkaSettings.Format = .cloudevents,
        properties: [KafkaProperty] = [],
        _ body: (Desk) async throws -> Void
    ) async throws {
        let desk = try Desk(format, properties)
        do { try await body(desk) } catch {
            await desk.clear()
            throw error
        }
        await desk.clear()
    }

    private init(_ format: KafkaSettings.Format, _ properties: [KafkaProperty]) throws {
        cluster = try MockCluster()
        loop = try LoopExecutor(name: "kafka-test")
        var settings = KafkaSettings(
            brokers: cluster.brokers,
            properties: [
                KafkaProperty("session.timeout.ms", "6000"),
                KafkaProperty("message.timeout.ms", "5000"),
                KafkaProperty("reconnect.backoff.max.ms", "500"),
            ] + properties
        )
        settings.format = format
        self.settings = settings
        producer = try KafkaProducer(settings, loop: loop, logger: logger)
        transport = KafkaTransport(producer, format: format, logger: logger)
    }

    private func clear() async {
        await producer.stop()
        await loop.shutdown()
    }

    func consumer(
        _ handler: any EventHandler,
        group: KafkaConsumer.Group = .shared
    ) throws -> KafkaConsumer {
        try KafkaConsumer(
            handler,
            group: group,
            settings: settings,
            producer: producer,
            shards: Self.shards,
            loop: loop,
            logger: logger
        )
    }

    /// Runs a consumer until `body` returns, and then has it leave its group.
    func consuming(
        _ handler: any EventHandler,
        group: KafkaConsumer.Group = .shared,
        _ body: () async throws -> Void
    ) async throws {
        let consumer = try consumer(handler, group: group)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    static func event(
        _ number: Int64,
        user: String = "ada",
        type: EventType = .reminderDue,
        padding: Int = 0
    ) -> ReleasedEvent {
        let instant = WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000 + number)
        return StagedEvent(
            key: OutboxKey(
                shard: shards.shard(of: user),
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000)
            ),
            type: type,
            taskID: number,
            userID: user,
            due: instant,
            payload: #"{"version":"1.0","event_type":"\#(type.rawValue)","task_id":\#(number),"#
                + #""user_id":"\#(user)","title":"\#(String(repeating: "x", count: padding))"}"#
        ).released(at: instant)
    }
}

/// A handler that remembers what it was given, and fails as it is told to.
final class RecordingHandler: EventHandler {
    private struct State {
        var effects: [EventID: ReleasedEvent] = [:]
        var order: [ReleasedEvent] = []
        var calls = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }
    struct Trouble: Error {}

    let name: String
    let topics: Set<Topic>
    private let state = Mutex(State())
    private let fail: @Sendable (_ call: Int, _ batch: [ReleasedEvent]) throws -> Void

    init(
        name: String = "recorder",
        topics: Set<Topic> = [.reminders],
        fail: @escaping @Sendable (Int, [ReleasedEvent]) throws -> Void = { _, _ in }
    ) {
        (self.name, self.topics, self.fail) = (name, topics, fail)
    }

    func handle(_ batch: [ReleasedEvent]) async throws {
        let call = state.withLock { state in
            state.calls += 1
            return state.calls
        }
        do { try fail(call, batch) } catch let poison as PoisonEvent {
            record(Array(batch.prefix { $0.id != poison.id }))
            throw poison
        }
        record(batch)
    }

    private func record(_ batch: [ReleasedEvent]) {
        let reached = state.withLock { state in
            for event in batch where state.effects.updateValue(event, forKey: event.id) == nil {
                state.order.append(event)
            }
            let reached = state.waiters.filter { $0.count <= state.order.count }
            state.waiters.removeAll { $0.count <= state.order.count }
            return reached
        }
        for waiter in reached { waiter.continuation.resume() }
    }

    /// Waits until so many different events have had their effect.
    func reaches(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.order.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    var events: [ReleasedEvent] { state.withLock { $0.order } }
    var ids: Set<EventID> { Set(events.map(\.id)) }
    var calls: Int { state.withLock { $0.calls } }
}
