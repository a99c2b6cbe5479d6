// SPDX-License-Identifier: Apache-2.0

/// How the brokers are reached, and how events are written.
package struct KafkaSettings: Sendable {
    /// How an event is put into a message; both are forms of CloudEvents' Kafka binding (§3).
    package enum Format: String, Sendable, CaseIterable {
        /// The envelope in JSON: the structured mode.
        case cloudevents
        /// The bare event, and the envelope in `ce_*` headers: the binary mode.
        case plain
    }

    /// Bootstrap servers, `host:port`, separated by commas.
    package var brokers: String
    /// Any other properties of librdkafka; they may hold passwords.
    package var properties: [KafkaProperty]
    /// How events are written.
    package var format = Format.cloudevents

    /// Creates settings from their parts.
    package init(brokers: String, properties: [KafkaProperty] = []) {
        (self.brokers, self.properties) = (brokers, properties)
    }
}

/// One property of librdkafka.
package struct KafkaProperty: Sendable, Hashable {
    /// Its name, such as `security.protocol`.
    package let name: String
    /// Its value; never shown.
    package let value: String

    /// Creates a property.
    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }

    /// Properties whose change would break what is promised; they cannot be passed through.
    package static let reserved: Set<String> = [
        "acks", "request.required.acks", "auto.offset.reset", "bootstrap.servers",
        "enable.auto.commit", "enable.auto.offset.store", "enable.idempotence", "group.id",
        "log.queue", "metadata.broker.list", "partitioner", "partition.assignment.strategy",
        "transactional.id",
    ]

    /// Reads `name=value` pairs: one a line if there are several lines, otherwise separated by
    /// commas, where a part without `=` belongs to the value before it (`debug=broker,topic`).
    ///
    /// - Throws: ``KafkaError`` that names what is no pair or is reserved.
    package static func list(_ text: String) throws(KafkaError) -> [KafkaProperty] {
        let isLines = text.contains { $0.isNewline }
        var properties: [KafkaProperty] = []
        for part in text.split(whereSeparator: { isLines ? $0.isNewline : $0 == "," }) {
            guard let equals = part.firstIndex(of: "=") else {
                guard !isLines, let last = properties.popLast() else {
                    throw KafkaError(code: 0, message: "a part is no name=value pair")
                }
                properties.append(KafkaProperty(last.name, "\(last.value),\(part)"))
                continue
            }
            let name = String(part[..<equals].filter { !$0.isWhitespace })
            guard !name.isEmpty else {
                throw KafkaError(code: 0, message: "a part is no name=value pair")
            }
            guard !reserved.contains(name) else {
                throw KafkaError(code: 0, message: "\(name) is Punctual's own to set")
            }
            properties.append(KafkaProperty(name, String(part[part.index(after: equals)...])))
        }
        return properties
    }
}

extension KafkaSettings {
    private static let statisticsInterval = KafkaProperty("statistics.interval.ms", "5000")
    /// A small request must not wait until the one before is acknowledged (RFC 896): with a peer
    /// that delays its acknowledgements that is 40 ms.
    private static let noWaiting = KafkaProperty("socket.nagle.disable", "true")

    /// The properties of the producer; those passed through come after the ones they may change.
    func producerProperties() -> [KafkaProperty] {
        [
            Self.statisticsInterval, Self.noWaiting,
            KafkaProperty("message.timeout.ms", "30000"),
            KafkaProperty("linger.ms", "1"),
            KafkaProperty("compression.type", "lz4"),
        ] + properties + [
            KafkaProperty("bootstrap.servers", brokers),
            KafkaProperty("log.queue", "true"),
            KafkaProperty("enable.idempotence", "true"),
            KafkaProperty("acks", "all"),
            KafkaProperty("partitioner", "fnv1a_random"),
        ]
    }

    /// The properties of one consumer of `group`; without a group of its own that outlives it, it
    /// starts at the end and commits nothing.
    func consumerProperties(group: String, isEphemeral: Bool) -> [KafkaProperty] {
        [
            Self.statisticsInterval, Self.noWaiting,
            KafkaProperty("session.timeout.ms", "45000"), KafkaProperty("fetch.wait.max.ms", "100"),
        ] + properties + [
            KafkaProperty("bootstrap.servers", brokers),
            KafkaProperty("log.queue", "true"),
            KafkaProperty("group.id", group),
            KafkaProperty("auto.offset.reset", isEphemeral ? "latest" : "earliest"),
            KafkaProperty("enable.auto.commit", isEphemeral ? "false" : "true"),
            KafkaProperty("enable.auto.offset.store", "false"),
            // Cooperative assignment has defects in librdkafka before 2.6.1 (#4312, #4783).
            KafkaProperty("partition.assignment.strategy", "range"),
        ]
    }
}
