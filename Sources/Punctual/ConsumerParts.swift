// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualDapr
internal import PunctualDelivery
internal import PunctualLoop
internal import PunctualStore
internal import ServiceLifecycle

/// The consumers of this process's roles, and how events reach them.
struct ConsumerParts {
    /// What a transport with topics brings events to: one for each role here.
    let handlers: [any EventHandler]
    /// The `local` way: readers of `event_log`; to be run where that is the transport.
    let localServices: [any Service]

    /// Joins the consumers with what they write to.
    init(
        _ configuration: ServeConfiguration,
        pools: DatabasePools,
        delivery: DeliveryParts,
        tasks: TaskService,
        neighbours: Neighbours,
        clock: @escaping WallClock,
        spans: SpanRecorder?,
        loop: LoopExecutor,
        logger: Logger
    ) {
        let store = PostgresConsumerStore(pool: pools.engine, channels: delivery.channels)
        let roles = configuration.roles
        let keeper: any SuccessionKeeper =
            delivery.sidecar.flatMap { sidecar in
                sidecar.settings.apiAppID.map { DaprSuccessions(sidecar, appID: $0) }
            } ?? tasks
        let feedsClients = roles.contains(.realtime) || roles.contains(.api)
        let metered = { (handler: any EventHandler) in
            MeteredHandler(handler, clock: clock, spans: spans)
        }
        let recurring =
            roles.contains(.recurring)
            ? metered(RecurringHandler(store: store, keeper: keeper)) : nil
        let others: [(any EventHandler)?] = [
            roles.contains(.notify)
                ? NotifyHandler(store: store, onDeliveries: delivery.wakeDelivery) : nil,
            roles.contains(.audit) ? AuditHandler(store: store) : nil,
            feedsClients ? RealtimeHandler(hub: delivery.hub, store: store) : nil,
        ]
        handlers = [recurring].compactMap(\.self) + others.compactMap { $0.map(metered) }

        let timer = LoopDelayedRunner(loop: loop)
        func reader(
            of types: Set<EventType>?,
            named name: String?,
            for handler: any EventHandler
        ) -> LogReader {
            LogReader(
                source: PostgresEventLog(pool: pools.engine, types: types),
                reader: name,
                timer: timer,
                // What a sidecar takes reaches no client from memory.
                isAlone: { delivery.dapr == nil && neighbours.isAlone },
                logger: logger
            ) { try await handler.handle($0) }
        }
        let completions = recurring.map { reader(of: [.completed], named: $0.name, for: $0) }
        if let completions { delivery.completions.resolve { completions.wake() } }
        // What this process releases itself reaches its clients from memory.
        let updates =
            feedsClients
            ? reader(
                of: nil,
                named: nil,
                for: metered(RealtimeHandler(hub: delivery.hub, store: nil))
            ) : nil
        let readers = [completions, updates].compactMap(\.self)
        let wakeUps =
            readers.isEmpty
            ? nil
            : LogWakeUps(
                url: configuration.databaseURL,
                readers: readers,
                loop: loop,
                logger: logger
            )
        let services: [(any Service)?] = readers + [wakeUps]
        localServices = services.compactMap(\.self)
    }
}

extension ServeConfiguration {
    /// How many sessions of this process listen for what others log.
    var listeners: Int {
        // With a sidecar this process is told of its own events too.
        if case .dapr = transport { return 0 }
        return roles.isDisjoint(with: [.api, .realtime, .recurring]) ? 0 : 1
    }
}
