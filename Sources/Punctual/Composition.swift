// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import NIOCore
internal import PunctualCore
internal import PunctualDapr
internal import PunctualDelivery
internal import PunctualEngine
internal import PunctualHTTP
internal import PunctualLoop
internal import PunctualPostgres
internal import PunctualStore
internal import PunctualTime
internal import PunctualZoneInfo
internal import ServiceLifecycle
internal import UnixSignals

/// Joins the parts of a server by the ports of PunctualCore.
///
/// The services start in this order, and stop in the reverse of it, so that nothing fires into a
/// part that has stopped: loop, database, delivery, engine, HTTP.
struct Composition {
    /// How long a graceful stop may take before everything still under way is cancelled.
    private static let stopTimeout = Duration.seconds(25)

    private let configuration: ServeConfiguration
    private let metrics: PrometheusRegistry
    private let logger: Logger

    private let zones = SystemZones()
    private let clock: WallClock = {
        WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
    }
    private let loop: LoopExecutor
    private let traces: TraceExporter?
    private let pools: DatabasePools
    private let delivery: DeliveryParts
    private let tasks: TaskService
    private let tags: TagService
    private let profiles: ProfileService
    private let apiTokens: APITokenService
    private let engine: ReminderEngine?
    private let sweeper: ReminderSweeper
    private let jobs: JobService

    /// Makes all parts; nothing runs yet.
    ///
    /// - Throws: when the loop's thread cannot be started.
    init(
        _ configuration: ServeConfiguration,
        metrics: PrometheusRegistry,
        logger: Logger
    ) throws {
        (self.configuration, self.metrics, self.logger) = (configuration, metrics, logger)
        loop = try LoopExecutor(name: "punctual-loop")
        traces = try TraceExporter(loop: loop, logger: logger)
        pools = DatabasePools(url: configuration.databaseURL, loop: loop, logger: logger)
        delivery = try DeliveryParts(
            configuration,
            pools: pools,
            zones: zones,
            clock: clock,
            loop: loop,
            logger: logger
        )
        let hints = LateHints()
        let store = PostgresTaskStore(pool: pools.requests, search: pools.search)
        let shards = ShardMap(count: configuration.shards)
        tags = TagService(store: store, shards: shards)
        let users = PostgresUserStore(pool: pools.requests)
        profiles = ProfileService(store: users, shards: shards, zones: zones)
        apiTokens = APITokenService(store: users, shards: shards)
        tasks = TaskService(
            store: store,
            zones: zones,
            shards: shards,
            hints: hints,
            relay: delivery.relay,
            profiles: profiles,
            clock: clock
        )
        jobs = JobService(
            store: PostgresJobStore(pool: pools.requests),
            zones: zones,
            shards: shards,
            hints: hints,
            clock: clock
        )
        let keeper = ScheduleKeeper(tasks: tasks, jobs: jobs)
        sweeper = Self.sweeper(configuration, pools, delivery, keeper, clock, loop, logger)
        guard configuration.roles.contains(.engine) else {
            engine = nil
            hints.resolve(to: HintRelay(to: nil, pools, clock, loop, logger))
            return
        }
        let engine = ReminderEngine(
            store: PostgresReminderStore(
                pool: pools.engine,
                leases: pools.leases,
                clock: clock
            ),
            releaser: delivery.relay,
            keeper: keeper,
            loop: loop,
            shardCount: configuration.shards,
            configuration: EngineConfiguration(configuration),
            logger: logger
        )
        hints.resolve(to: HintRelay(to: engine, pools, clock, loop, logger))
        self.engine = engine
    }

    /// Fires what nobody fired, in a process of whatever roles.
    private static func sweeper(
        _ configuration: ServeConfiguration,
        _ pools: DatabasePools,
        _ delivery: DeliveryParts,
        _ keeper: ScheduleKeeper,
        _ clock: @escaping WallClock,
        _ loop: LoopExecutor,
        _ logger: Logger
    ) -> ReminderSweeper {
        ReminderSweeper(
            store: PostgresReminderStore(
                pool: pools.engine,
                leases: pools.leases,
                clock: clock,
                isSweeping: true
            ),
            releaser: delivery.relay,
            keeper: keeper,
            loop: loop,
            shardCount: configuration.shards,
            configuration: EngineConfiguration(configuration),
            logger: logger
        )
    }

    /// Serves until SIGTERM, SIGINT or a failure.
    ///
    /// - Throws: when the database is not reachable or not migrated, the port is taken, or a part
    ///   failed.
    func run() async throws {
        try await PoolerCheck(pool: pools.requests, logger: logger).run()
        try await SchemaMigrator(pool: pools.requests, shards: configuration.shards).validate()
        let services = try await services()
        let group = ServiceGroup(
            configuration: {
                var configuration = ServiceGroupConfiguration(
                    services: services,
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger
                )
                configuration.maximumGracefulShutdownDuration = Self.stopTimeout
                return configuration
            }()
        )
        try await group.run()
        logger.info("stopped")
    }

    private func services() async throws -> [any Service] {
        let notifier = SystemdNotifier()
        let reporter = SystemdService(notifier: notifier, loop: loop) { [engine] in
            engine?.status.line ?? "serving"
        }
        let consumers = makeConsumers()
        return try [loop] + pools.services + delivery.services + services(of: consumers)
            + engineServices + exporters
            + [
                server(notifier, await authenticator(), consumers), reporter,
                HeapLimits.trimming(loop: loop),
            ]
    }

    /// What brings events to the consumers, by the transport that is configured.
    private func services(of consumers: ConsumerParts) throws -> [any Service] {
        guard let kafka = delivery.kafka else { return consumers.localServices }
        return try kafka.consumers(
            of: consumers.handlers,
            shards: ShardMap(count: configuration.shards)
        )
    }

    /// The consumers of this process's roles.
    private func makeConsumers() -> ConsumerParts {
        ConsumerParts(
            configuration,
            pools: pools,
            delivery: delivery,
            tasks: tasks,
            neighbours: Neighbours(
                engine: engine,
                relay: delivery.relay,
                shards: configuration.shards
            ),
            clock: clock,
            spans: spans,
            loop: loop,
            logger: logger
        )
    }

    /// Takes what requests and events took, if there is a collector.
    private var spans: SpanRecorder? {
        guard let traces else { return nil }
        return { traces.record($0) }
    }

    private var exporters: [any Service] { traces.map { [$0] } ?? [] }

    private var engineServices: [any Service] {
        guard let engine else { return [] }
        return [
            engine,
            ShardWakeUps(
                url: configuration.databaseURL,
                engine: engine,
                loop: loop,
                logger: logger
            ),
            Housekeeping.zones(zones, engine: engine, loop: loop),
            Housekeeping.retention(
                days: configuration.retentionDays,
                store: delivery.events,
                loop: loop,
                logger: logger
            ),
        ]
    }

    /// Who is believed to be whom.
    private func authenticator() async -> any Authenticator {
        guard let settings = configuration.authentication else { return SingleUser() }
        var tokens = TokenConfiguration()
        (tokens.secret, tokens.audience) = (settings.secret, settings.audience)
        tokens.issuer = settings.issuer
        tokens.fetchKeys = settings.keySetURL.map { KeySetFetcher(url: $0).callAsFunction }
        return await TokenAuthenticator(
            tokens,
            apiTokens: apiTokens,
            clock: clock,
            register: tasks.register
        )
    }

    /// In Dapr's state store, where one is named.
    private var conversations: any ConversationStore {
        guard let sidecar = delivery.sidecar, let store = sidecar.settings.statestore else {
            return PostgresConversationStore(pool: pools.requests)
        }
        return DaprConversationStore(sidecar, store: store, clock: clock)
    }

    /// What a sidecar may ask for, and brings.
    private func sidecar(_ consumers: ConsumerParts) -> SidecarServices {
        var sidecar = SidecarServices()
        sidecar.token = configuration.appToken
        (sidecar.sweep, sidecar.jobs) = (sweeper, jobs)
        let consumed = PostgresConsumerStore(pool: pools.requests)
        if configuration.roles.contains(.api) {
            sidecar.successions = { [tasks] in try await tasks.succeed($0, knownTo: consumed) }
        }
        guard case .dapr(let settings) = configuration.transport else { return sidecar }
        // Clients are fed from `event_log`: the sidecar brings an event to one process only.
        sidecar.subscription = SidecarSubscription(
            pubsub: settings.pubsub,
            handlers: consumers.handlers.filter { $0.name != ConsumerName.realtime },
            shards: ShardMap(count: configuration.shards)
        )
        return sidecar
    }

    private func server(
        _ notifier: SystemdNotifier,
        _ authenticator: any Authenticator,
        _ consumers: ConsumerParts
    ) -> any Service {
        let servesAPI = configuration.roles.contains(.api)
        var http = HTTPConfiguration(
            host: configuration.httpHost,
            port: configuration.httpPort,
            servesTasks: servesAPI,
            servesUpdates: servesAPI || configuration.roles.contains(.realtime)
        )
        http.programVersion = PunctualCommand.version
        (http.corsOrigins, http.rateLimit) = (configuration.corsOrigins, configuration.rateLimit)
        var services = HTTPServices(
            tasks: tasks,
            tags: tags,
            updates: delivery.hub,
            zones: zones,
            clock: clock,
            metrics: metrics,
            readiness: Readiness(
                database: DatabaseProbe(pool: pools.requests, loop: loop),
                loop: loop,
                engine: engine,
                kafka: delivery.kafka?.producer,
                sidecar: delivery.sidecar
            ).report,
            authenticator: authenticator
        )
        (services.profiles, services.apiTokens) = (profiles, apiTokens)
        services.sample =
            DatabaseGauges(operations: PostgresOperations(pool: pools.requests))
            .sample
        services.traces = spans
        services.sidecar = sidecar(consumers)
        services.conversations = conversations
        let notices = PostgresNotificationStore(pool: pools.requests)
        let shards = ShardMap(count: configuration.shards)
        services.notifications = NotificationService(store: notices, shards: shards)
        services.push = configuration.vapidKey.map { key in
            PushService(
                publicKey: key.publicText,
                store: PostgresPushStore(pool: pools.requests),
                shards: shards,
                accepts: PushSink.fault
            )
        }
        services.deadLetters = DeadLetterService(
            store: notices,
            shards: shards,
            wake: delivery.wakeDelivery
        )
        return makeApplication(
            configuration: http,
            services: services,
            logger: logger
        ) { [logger] channel in
            let address = channel.localAddress.map { "\($0.ipAddress ?? "?"):\($0.port ?? 0)" }
            notifier.status("serving on \(address ?? "?")")
            notifier.ready()
            logger.info("serving", metadata: ["address": "\(address ?? "?")"])
        }
    }
}

extension EngineConfiguration {
    /// What the settings say of the engine.
    fileprivate init(_ configuration: ServeConfiguration) {
        self.init()
        fixedLead = configuration.lead
        catchUpRate = configuration.catchUpRate
    }
}

extension EngineStatus {
    /// What `systemctl status` shows.
    fileprivate var line: String {
        let next = nextDue.map { ", next at \($0)" } ?? ""
        let trouble = unreadyReason.map { "; not ready: \($0)" } ?? ""
        return
            "\(shards) shards, \(staged) staged, \(unacknowledged) unacknowledged\(next)\(trouble)"
    }
}
