// SPDX-License-Identifier: Apache-2.0

import CKafkaMock
import Glibc
import Synchronization

/// Three brokers in the bench's own process: librdkafka's mock cluster, on free ports of loopback.
///
/// It speaks Kafka's protocol over sockets but keeps everything in memory and replicates nothing.
final class KafkaEndpoint: EventEndpoint, @unchecked Sendable {
    // @unchecked: librdkafka's handles may be used from any thread.

    private let client: OpaquePointer
    private let cluster: OpaquePointer
    /// What a server needs to publish here.
    let environment: [String: String]

    /// Starts the brokers, with the topics of `punctual topics`.
    init() throws {
        client = try Self.client(RD_KAFKA_PRODUCER, [:])
        guard let cluster = rd_kafka_mock_cluster_new(client, 3),
            let servers = rd_kafka_mock_cluster_bootstraps(cluster)
        else { throw BenchError("librdkafka's mock cluster could not be started") }
        self.cluster = cluster
        Self.answerAtOnce()
        let topics = [
            ("task-events", 3), ("reminders", 1), ("task-updates", 3), ("reminders-dlq", 1),
        ]
        for (topic, partitions) in topics {
            rd_kafka_mock_topic_create(cluster, topic, Int32(partitions), 3)
        }
        environment = [
            "PUNCTUAL_TRANSPORT": "kafka", "PUNCTUAL_KAFKA_BROKERS": String(cString: servers),
        ]
    }

    /// Answers at once, as a broker does: what is accepted inherits it from its listener.
    ///
    /// Otherwise an answer would wait up to 40 ms until the one before is acknowledged (RFC 896).
    private static func answerAtOnce() {
        let size = socklen_t(MemoryLayout<Int32>.size)
        for descriptor in 0..<Int32(256) {
            var (isListening, length, on) = (Int32(0), size, Int32(1))
            getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length)
            if isListening != 0 {
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
            }
        }
    }

    /// A consumer of fired reminders.
    func stream(_ ledger: Ledger) throws -> any EventReceiver {
        try KafkaStream(brokers: environment["PUNCTUAL_KAFKA_BROKERS"] ?? "", ledger: ledger)
    }

    /// An instance of librdkafka, which lives as long as the bench.
    fileprivate static func client(
        _ kind: rd_kafka_type_t,
        _ properties: [String: String]
    ) throws -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        var reason = [CChar](repeating: 0, count: 512)
        for (name, value) in properties {
            guard
                rd_kafka_conf_set(configuration, name, value, &reason, reason.count)
                    == RD_KAFKA_CONF_OK
            else { throw BenchError("librdkafka refuses \(name)") }
        }
        guard let client = rd_kafka_new(kind, configuration, &reason, reason.count) else {
            throw BenchError("librdkafka could not be started")
        }
        return client
    }
}

/// A consumer: one thread that stamps and files every fired reminder.
///
/// The stamp is `CLOCK_REALTIME` right after the library handed the message out.
private final class KafkaStream: EventReceiver {
    private let worker: Worker
    private let isClosing = Box()

    private final class Box: Sendable {
        let value = Atomic(false)
    }
    /// A handle that one thread uses.
    private struct Consumer: @unchecked Sendable {
        let client: OpaquePointer
    }

    init(brokers: String, ledger: Ledger) throws {
        let client = try KafkaEndpoint.client(
            RD_KAFKA_CONSUMER,
            [
                "bootstrap.servers": brokers, "group.id": "punctual-bench",
                "enable.auto.commit": "false", "socket.nagle.disable": "true",
                // The mock answers a fetch that finds nothing only when its time is up, where a
                // broker answers as soon as there is something.
                "fetch.wait.max.ms": "1",
            ]
        )
        rd_kafka_poll_set_consumer(client)
        let list = rd_kafka_topic_partition_list_new(1)
        rd_kafka_topic_partition_list_add(list, "reminders", 0)?.pointee.offset =
            Int64(RD_KAFKA_OFFSET_BEGINNING)
        let status = rd_kafka_assign(client, list)
        rd_kafka_topic_partition_list_destroy(list)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw BenchError("the consumer was given no partition")
        }
        let (consumer, isClosing) = (Consumer(client: client), isClosing)
        worker = try Worker {
            while !isClosing.value.load(ordering: .relaxed) {
                guard let message = rd_kafka_consumer_poll(consumer.client, 100) else { continue }
                let now = WallClock.nanoseconds
                let value = UnsafeRawBufferPointer(
                    start: message.pointee.payload,
                    count: message.pointee.len
                )
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR, let event = FiredEvent(value)
                {
                    ledger.receive(event, at: now)
                }
                rd_kafka_message_destroy(message)
            }
        }
    }

    func close() throws {
        isClosing.value.store(true, ordering: .relaxed)
        try worker.join()
    }
}
