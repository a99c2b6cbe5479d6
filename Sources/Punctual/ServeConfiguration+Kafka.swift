// SPDX-License-Identifier: Apache-2.0

internal import PunctualDapr
internal import PunctualKafka

extension ServeConfiguration {
    /// Which way events go from the process that releases them to those that consume them.
    enum Transport: Sendable {
        /// Through memory and PostgreSQL.
        case local
        /// Through the topics of Kafka.
        case kafka(KafkaSettings)
        /// Through a Dapr sidecar.
        case dapr(DaprSettings)
    }

    /// Reads `transport` and what belongs to it.
    static func transport(_ settings: SettingsReader) throws -> Transport {
        switch settings.text(.transport) {
        case nil, "local": .local
        case "kafka": .kafka(try kafka(settings))
        case "dapr": .dapr(try dapr(settings))
        default: throw settings.refusal(.transport, "local, kafka or dapr")
        }
    }

    /// | key | type | default |
    /// |---|---|---|
    /// | `kafka_brokers` | `host:port`, separated by commas | none: required |
    /// | `kafka_properties` | `name=value` pairs; secret | none |
    /// | `kafka_format` | `cloudevents` or `plain` | `cloudevents` |
    private static func kafka(_ settings: SettingsReader) throws -> KafkaSettings {
        let brokers = settings.list(.kafkaBrokers).joined(separator: ",")
        guard !brokers.isEmpty else {
            throw settings.refusal(
                .kafkaBrokers,
                "is required when the transport is kafka, such as kafka-1:9092,kafka-2:9092"
            )
        }
        var kafka = KafkaSettings(brokers: brokers)
        do {
            kafka.properties = try settings.text(.kafkaProperties).map(KafkaProperty.list) ?? []
        } catch {
            throw settings.refusal(.kafkaProperties, error.message)
        }
        if let name = settings.text(.kafkaFormat) {
            guard let format = KafkaSettings.Format(rawValue: name) else {
                throw settings.refusal(.kafkaFormat, "cloudevents or plain")
            }
            kafka.format = format
        }
        return kafka
    }
}
