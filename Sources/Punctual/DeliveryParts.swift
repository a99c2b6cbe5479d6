// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualDapr
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
    /// The external channels, as `deliveries` names them.
    let channels: [PunctualStore.DeliveryChannel]
    /// Hears of completed tasks that were logged here.
    let completions: CompletionWakeUp
    /// Says that there is something new to deliver; does not block.
    let wakeDelivery: @Sendable () -> Void
    /// Kafka, where that is the transport.
    let kafka: KafkaParts?
    /// The way through a sidecar, if that is configured.
    let dapr: DaprTransport?
    /// The sidecar, if anything is asked of it.
    let sidecar: DaprSidecar?
    /// In dependency order.
    let services: [any Service]

    init(
        _ configuration: ServeConfiguration,
        pools: DatabasePools,
        zones: any ZoneSource,
        clock: @escaping WallClock,
        loop: LoopExecutor,
        logger: Logger
    ) throws {
        let timer = LoopDelayedRunner(loop: loop)
        channels = configuration.channels
        let events = PostgresEventStore(pool: pools.engine, channels: channels)
        let completions = CompletionWakeUp(timer: timer)
        let hub = UpdatesHub(
            eventStore: events,
            shards: ShardMap(count: configuration.shards),
            retention: .seconds(86_400 * configuration.retentionDays),
            clock: clock
        )
        let worker = Self.worker(configuration, pools, zones, clock, timer, logger)
        let sidecar = configuration.sidecar.map { DaprSidecar($0, logger: logger) }
        var (kafka, dapr): (KafkaParts?, DaprTransport?) = (nil, nil)
        switch configuration.transport {
        case .local: break
        case .kafka(let settings): kafka = try KafkaParts(settings, loop: loop, logger: logger)
        case .dapr: dapr = sidecar.map { DaprTransport($0) }
        }
        let transport: any PunctualCore.Transport =
            kafka?.transport ?? dapr ?? LocalTransport(hub: hub)
        let relay = OutboxRelay(
            transport: transport,
            eventStore: events,
            clock: clock,
            timer: timer,
            ownListeners: configuration.listeners,
            logger: logger
        ) { batch in
            if batch.contains(where: { $0.type.topic == .reminders }) { worker?.wake() }
            if batch.contains(where: { $0.type == .completed }) { completions.signal() }
        }
        (self.completions, wakeDelivery) = (completions, { worker?.wake() })
        (self.events, self.hub, self.relay) = (events, hub, relay)
        (self.kafka, self.dapr, self.sidecar) = (kafka, dapr, sidecar)
        let depths = worker.map { [channels] _ in
            DepthReporter(
                store: PostgresDeliveryStore(pool: pools.engine),
                channels: channels.map(\.channel),
                timer: timer,
                logger: logger
            )
        }
        let watch = sidecar.map { Housekeeping.sidecar($0, loop: loop) }
        let optional: [(any Service)?] = [kafka?.producer, watch, hub, relay, worker, depths]
        services = optional.compactMap(\.self)
    }

    /// Delivers by every way out that is configured, if that is this process's duty.
    private static func worker(
        _ configuration: ServeConfiguration,
        _ pools: DatabasePools,
        _ zones: any ZoneSource,
        _ clock: @escaping WallClock,
        _ timer: LoopDelayedRunner,
        _ logger: Logger
    ) -> DeliveryWorker? {
        var channels: [PunctualDelivery.DeliveryChannel] = []
        if let webhook = configuration.webhook {
            let sink = WebhookSink(webhook, clock: clock)
            channels.append(.init(name: WebhookConfiguration.channel, sink: sink))
        }
        if let mail = configuration.mail {
            channels.append(
                .init(
                    name: MailConfiguration.channel,
                    sink: MailSink(mail, zones: zones),
                    concurrency: MailSink.concurrency
                )
            )
        }
        if let key = configuration.vapidKey {
            let sink = PushSink(
                key: key,
                contact: configuration.mail,
                store: PostgresPushStore(pool: pools.engine),
                targetGuard: configuration.pushGuard,
                clock: clock
            )
            channels.append(.init(name: PushSink.channel, sink: sink))
        }
        if !configuration.roles.contains(.notify) { channels = [] }
        if let url = configuration.jobsCallbackURL,
            !configuration.roles.isDisjoint(with: [.notify, .engine])
        {
            channels.append(.jobs(url: url, token: configuration.appToken))
        }
        guard !channels.isEmpty else { return nil }
        return DeliveryWorker(
            store: PostgresDeliveryStore(pool: pools.engine),
            channels: channels,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }
}

extension ServeConfiguration {
    /// The ways out, as `deliveries` names them; those of persons have no target of their own.
    fileprivate var channels: [PunctualStore.DeliveryChannel] {
        (webhook?.targets ?? []).map { .init(channel: $0.channel, target: $0.target) }
            + (mail == nil ? [] : [.init(channel: MailConfiguration.channel, target: nil)])
            + (vapidKey == nil ? [] : [.init(channel: PushSink.channel, target: nil)])
            + (jobsCallbackURL == nil ? [] : [.init(channel: JobSink.channel, target: nil)])
    }
}

extension PunctualDelivery.DeliveryChannel {
    /// The calls of jobs; when to try again each job says itself.
    fileprivate static func jobs(url: String, token: String?) -> Self {
        var channel = Self(
            name: JobSink.channel,
            sink: JobSink(url: url, token: token),
            retry: RetryPolicy(base: .zero, cap: .seconds(10 * 366 * 86_400), maximumAttempts: .max)
        )
        channel.isInOrder = true
        return channel
    }
}
