// SPDX-License-Identifier: Apache-2.0

internal import CRdKafka
internal import PunctualLoop

/// One instance of librdkafka, whose events are called out on the loop.
///
/// The library works on threads of its own and signals a descriptor when its queue is no longer
/// empty; the loop watches that, and takes the events off the queue. No code of ours runs on the
/// library's threads, and nothing here blocks.
@safe
final class KafkaClient: @unchecked Sendable {
    // @unchecked: librdkafka's handles may be used from any thread (INTRODUCTION.md, "Threads and
    // callbacks"); `isClosed` is touched only on the loop's thread.

    /// What an instance does.
    enum Role { case producer, consumer }

    /// The most events taken before the loop may do something else.
    private static let eventsPerTurn = 256

    let loop: LoopExecutor
    let client: OpaquePointer
    let queue: OpaquePointer
    private let descriptor: Int32
    private let onEvent: @Sendable (KafkaEvent) -> Void
    private let topics: [OpaquePointer]
    private var watcher: DescriptorWatcher?
    private(set) var isClosed = false

    /// Makes an instance, which begins to connect at once.
    ///
    /// Who leads `topics` is asked with the first connection; of others the library asks when they
    /// are first written to, and looks at the answer once a second.
    /// `onEvent` is called on the loop's thread, until ``close(flushing:)``.
    /// - Throws: what is wrong with the properties, naming the first; never a value.
    init(
        _ role: Role,
        properties: [KafkaProperty],
        topics: [String] = [],
        loop: LoopExecutor,
        onEvent: @escaping @Sendable (KafkaEvent) -> Void
    ) throws(KafkaError) {
        (self.loop, self.onEvent) = (loop, onEvent)
        descriptor = punctual_kafka_signal_create()
        guard descriptor >= 0 else {
            throw KafkaError(code: 0, message: "no descriptor is left for librdkafka")
        }
        let pointer: OpaquePointer
        do { unsafe pointer = try Self.open(role, properties) } catch {
            punctual_kafka_signal_close(descriptor)
            throw error
        }
        // SAFETY: the instance and its queue are owned here, and given back by `close`.
        unsafe client = pointer
        unsafe self.topics = topics.compactMap { unsafe rd_kafka_topic_new(pointer, $0, nil) }
        if role == .consumer { unsafe rd_kafka_poll_set_consumer(pointer) }
        unsafe queue =
            role == .consumer
            ? rd_kafka_queue_get_consumer(pointer) : rd_kafka_queue_get_main(pointer)
        unsafe rd_kafka_set_log_queue(pointer, queue)
        unsafe punctual_kafka_queue_watch(queue, descriptor)
        // What came before, such as a warning about a property, would hide all that comes after.
        punctual_kafka_signal_set(descriptor)
        watcher = DescriptorWatcher(loop: loop, descriptor: descriptor) { [weak self] _ in
            self?.takeEvents()
        }
        watcher?.update(.readable)
    }

    private static func open(
        _ role: Role,
        _ properties: [KafkaProperty]
    ) throws(KafkaError) -> OpaquePointer {
        // SAFETY: the configuration is ours until `rd_kafka_new` succeeds with it; the library
        // writes no more than the buffer's size, with a NUL at its end.
        let configuration = unsafe try Self.configuration(properties)
        let events =
            RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS | RD_KAFKA_EVENT_LOG
            | RD_KAFKA_EVENT_REBALANCE
        unsafe rd_kafka_conf_set_events(configuration, events)
        var reason = [CChar](repeating: 0, count: 512)
        let kind = role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        guard let client = unsafe rd_kafka_new(kind, configuration, &reason, reason.count) else {
            unsafe rd_kafka_conf_destroy(configuration)
            throw KafkaError(code: 0, message: text(reason))
        }
        return unsafe client
    }

    private static func configuration(
        _ properties: [KafkaProperty]
    ) throws(KafkaError) -> OpaquePointer {
        guard let configuration = unsafe rd_kafka_conf_new() else {
            throw KafkaError(code: 0, message: "out of memory")
        }
        var reason = [CChar](repeating: 0, count: 512)
        for property in properties {
            // SAFETY: the library copies both strings.
            let result = unsafe rd_kafka_conf_set(
                configuration,
                property.name,
                property.value,
                &reason,
                reason.count
            )
            guard result != RD_KAFKA_CONF_OK else { continue }
            unsafe rd_kafka_conf_destroy(configuration)
            // The library's own words would repeat the value, which may be a password.
            throw KafkaError(
                code: 0,
                message: result == RD_KAFKA_CONF_UNKNOWN
                    ? "librdkafka has no property \(property.name)"
                    : "librdkafka does not accept the value of \(property.name)"
            )
        }
        return unsafe configuration
    }

    private static func text(_ characters: [CChar]) -> String {
        String(
            decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    private func takeEvents() {
        punctual_kafka_signal_clear(descriptor)
        for _ in 0..<Self.eventsPerTurn {
            // SAFETY: the queue is open until `isClosed`; the event is given back below.
            guard !isClosed else { return }
            guard let event = unsafe rd_kafka_queue_poll(queue, 0) else { return }
            let value = unsafe KafkaEvent(event, of: client)
            unsafe rd_kafka_event_destroy(event)
            if let value { onEvent(value) }
        }
        // The library signals only a queue that was empty: what is left is up to us.
        if !isClosed { punctual_kafka_signal_set(descriptor) }
    }

    /// Ends the instance after it has written what it holds, in `limit` at most; on the loop.
    ///
    /// No event is called out any more. It returns before everything is freed.
    func close(flushing limit: Duration = .zero) {
        guard !isClosed else { return }
        isClosed = true
        watcher?.close()
        watcher = nil
        let milliseconds = Int32(min(limit / .milliseconds(1), 60_000))
        // SAFETY: the last use of each; the order is librdkafka's ("Termination"): what waits is
        // written or dropped, the queue is given back, then the instance, which joins its threads.
        let end: @Sendable () -> Void = { [self] in
            unsafe punctual_kafka_queue_watch(queue, -1)
            if milliseconds > 0 { unsafe rd_kafka_flush(client, milliseconds) }
            unsafe rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
            unsafe topics.forEach { unsafe rd_kafka_topic_destroy($0) }
            unsafe rd_kafka_queue_destroy(queue)
            unsafe rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            punctual_kafka_signal_close(descriptor)
        }
        // Without a thread for it, the instance stays behind: better a leak than a blocked loop.
        try? loop.runBlocking(end, then: {})
    }
}
