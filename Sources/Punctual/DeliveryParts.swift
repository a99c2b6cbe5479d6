// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualDelivery
internal import PunctualLoop
internal import PunctualStore
internal import ServiceLifecycle

/// The way of an event from its release to whoever listens.
struct DeliveryParts {
    /// The past.
    let events: PostgresEventStore
    /// The clients that follow their user's events.
    let hub: UpdatesHub
    /// Takes events to the transport and to `event_log`.
    let relay: OutboxRelay
    /// In dependency order.
    let services: [any Service]

    init(
        _ configuration: ServeConfiguration,
        pools: DatabasePools,
        clock: @escaping WallClock,
        loop: LoopExecutor,
        logger: Logger
    ) {
        let timer = LoopDelayedRunner(loop: loop)
        let targets = configuration.webhook?.targets ?? []
        let events = PostgresEventStore(
            pool: pools.engine,
            channels: targets.map {
                PunctualStore.DeliveryChannel(channel: $0.channel, target: $0.target)
            }
        )
        let hub = UpdatesHub(
            eventStore: events,
            shards: ShardMap(count: configuration.shards),
            retention: .seconds(86_400 * configuration.retentionDays),
            clock: clock
        )
        let worker = Self.worker(configuration, pools, clock, timer, logger)
        let relay = OutboxRelay(
            transport: LocalTransport(hub: hub),
            eventStore: events,
            clock: clock,
            timer: timer,
            logger: logger
        ) { batch in
            if batch.contains(where: { $0.type.topic == .reminders }) { worker?.wake() }
        }
        (self.events, self.hub, self.relay) = (events, hub, relay)
        let reader = Self.logReader(configuration, pools, hub, timer, logger)
        let wakeUps = reader.map {
            LogWakeUps(url: configuration.databaseURL, reader: $0, loop: loop, logger: logger)
        }
        let optional: [(any Service)?] = [worker, reader, wakeUps]
        services = [hub, relay] + optional.compactMap(\.self)
    }

    /// Posts to the webhook, if there is one and it is this process's duty.
    private static func worker(
        _ configuration: ServeConfiguration,
        _ pools: DatabasePools,
        _ clock: @escaping WallClock,
        _ timer: LoopDelayedRunner,
        _ logger: Logger
    ) -> DeliveryWorker? {
        guard let webhook = configuration.webhook, configuration.roles.contains(.notify) else {
            return nil
        }
        let channel = PunctualDelivery.DeliveryChannel(
            name: WebhookConfiguration.channel,
            sink: WebhookSink(webhook, clock: clock)
        )
        return DeliveryWorker(
            store: PostgresDeliveryStore(pool: pools.engine),
            channels: [channel],
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    /// Brings clients what other processes release; a process with every role has no others.
    private static func logReader(
        _ configuration: ServeConfiguration,
        _ pools: DatabasePools,
        _ hub: UpdatesHub,
        _ timer: LoopDelayedRunner,
        _ logger: Logger
    ) -> LogReader? {
        let roles = configuration.roles
        guard roles.count < ServeConfiguration.Role.allCases.count,
            roles.contains(.realtime) || roles.contains(.api)
        else { return nil }
        return LogReader(
            source: PostgresEventLog(pool: pools.engine),
            timer: timer,
            logger: logger
        ) { hub.publishLogged($0) }
    }
}
