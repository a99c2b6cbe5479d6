// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualKafka
internal import PunctualLoop
internal import ServiceLifecycle

/// The way of events through Kafka.
struct KafkaParts {
    /// Publishes; part of the relay.
    let transport: KafkaTransport
    /// Writes; to be run before whatever publishes or consumes.
    let producer: KafkaProducer
    private let settings: KafkaSettings
    private let loop: LoopExecutor
    private let logger: Logger

    /// Makes what publishes.
    ///
    /// - Throws: ``CommandError`` that names the variable and the property that librdkafka refuses.
    init(_ settings: KafkaSettings, loop: LoopExecutor, logger: Logger) throws {
        (self.settings, self.loop, self.logger) = (settings, loop, logger)
        do {
            producer = try KafkaProducer(settings, loop: loop, logger: logger)
        } catch { throw Self.refusal(error) }
        transport = KafkaTransport(producer, format: settings.format, logger: logger)
    }

    /// One consumer for each handler.
    ///
    /// What feeds the clients of this process needs every event, from now on: a group by itself.
    func consumers(of handlers: [any EventHandler], shards: ShardMap) throws -> [any Service] {
        try handlers.map { handler in
            let isRealtime = handler.name == ConsumerName.realtime
            do throws(KafkaError) {
                return try KafkaConsumer(
                    handler,
                    group: isRealtime
                        ? .ephemeral(id: String(UInt64.random(in: 0...UInt64.max), radix: 36))
                        : .shared,
                    settings: settings,
                    producer: producer,
                    shards: shards,
                    loop: loop,
                    logger: logger
                )
            } catch { throw Self.refusal(error) }
        }
    }

    /// An error that names the variable; librdkafka accepts any text for the brokers.
    private static func refusal(_ error: KafkaError) -> CommandError {
        CommandError(.configuration, "PUNCTUAL_KAFKA_PROPERTIES: \(error.message)")
    }
}
