// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Metrics
package import PunctualCore
internal import PunctualTime

/// Publishes events to the topics of Kafka.
///
/// An event is published once the brokers have it in every topic that it belongs to. One that they
/// refuse for itself, such as one that is too large, goes to the dead letters with the reason, so
/// that it holds up nobody; it is in `event_log` like all others.
package struct KafkaTransport: Transport {
    private let producer: KafkaProducer
    private let format: KafkaSettings.Format
    private let deadLetters: DeadLetters
    private let logger: Logger

    /// Creates a transport over a producer, which is run by whoever made it.
    package init(_ producer: KafkaProducer, format: KafkaSettings.Format, logger: Logger) {
        (self.producer, self.format, self.logger) = (producer, format, logger)
        deadLetters = DeadLetters(producer, logger: logger)
    }

    package func publish(_ batch: [ReleasedEvent]) async throws {
        let records = batch.flatMap(records)
        let outcomes = try await producer.send(records)
        for (record, outcome) in zip(records, outcomes) {
            guard let error = outcome else { continue }
            try await deadLetters.bury(record, reason: "\(error)", attempts: 1, origin: nil)
        }
    }

    private func records(_ event: ReleasedEvent) -> [KafkaRecord] {
        let (value, headers) = content(of: event)
        return Topic.allCases.filter { $0 != .engine && event.type.isPublished(to: $0) }.map {
            KafkaRecord(
                topic: $0.rawValue,
                key: Array(event.userID.utf8),
                value: value,
                headers: headers
            )
        }
    }

    /// The value and the headers of an event; its trace is also a header, where tracers look.
    private func content(of event: ReleasedEvent) -> ([UInt8], [KafkaHeader]) {
        let trace = event.traceparent.map { [KafkaHeader("traceparent", $0)] } ?? []
        switch format {
        case .cloudevents:
            return (
                Array(CloudEvent.envelope(event).utf8),
                [KafkaHeader("content-type", CloudEvent.mediaType)] + trace
            )
        case .plain:
            return (
                Array(event.json.utf8),
                [
                    KafkaHeader("content-type", "application/json"),
                    KafkaHeader("ce_specversion", "1.0"),
                    KafkaHeader("ce_id", event.id.description),
                    KafkaHeader("ce_source", "punctual"),
                    KafkaHeader("ce_type", CloudEvent.typePrefix + event.type.rawValue),
                    KafkaHeader("ce_subject", event.taskID.map(String.init) ?? event.userID),
                    KafkaHeader("ce_time", event.timestamp.rfc3339),
                ] + trace
            )
        }
    }
}

/// Puts messages that nobody can do anything with where somebody can look at them.
struct DeadLetters: Sendable {
    private let producer: KafkaProducer
    private let logger: Logger
    private let buried = Counter(
        label: "punctual_dead_letters_total",
        dimensions: [("channel", "kafka")]
    )

    init(_ producer: KafkaProducer, logger: Logger) {
        (self.producer, self.logger) = (producer, logger)
    }

    /// Writes a message to the dead letters; one that is refused even there is only logged.
    ///
    /// - Throws: `CancellationError` when the task was cancelled before it was written.
    func bury(
        _ record: KafkaRecord,
        reason: String,
        attempts: Int,
        origin: KafkaPlace?
    ) async throws {
        buried.increment()
        logger.error(
            "a message goes to the dead letters",
            metadata: [LogKeys.topic: "\(record.topic)", LogKeys.reason: "\(reason)"]
        )
        var letter = record
        letter.topic = KafkaTopic.deadLetters.name
        letter.headers += [
            KafkaHeader("reason", reason), KafkaHeader("attempts", "\(attempts)"),
            KafkaHeader("origin-topic", record.topic),
        ]
        if let origin {
            letter.headers += [
                KafkaHeader("origin-partition", "\(origin.partition.number)"),
                KafkaHeader("origin-offset", "\(origin.offset)"),
            ]
        }
        guard let error = try await producer.send([letter]).first ?? nil else { return }
        // What was too large for its topic is too large for this one: its headers must do.
        letter.value = nil
        letter.headers.append(KafkaHeader("omitted", "\(error)"))
        guard let error = try await producer.send([letter]).first ?? nil else { return }
        logger.error(
            "a message could not even be written to the dead letters",
            metadata: [LogKeys.topic: "\(record.topic)", LogKeys.error: "\(error)"]
        )
    }
}
