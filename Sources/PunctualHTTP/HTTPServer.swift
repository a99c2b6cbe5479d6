// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
internal import HummingbirdCore
package import Logging
package import NIOCore

/// Makes the HTTP server of the process: a service that binds when it runs.
///
/// - Parameters:
///   - configuration: where it listens, which routes it has and how much it takes.
///   - services: what the routes call.
///   - logger: where refusals and failures are logged.
///   - onServerRunning: called once the socket listens, with its channel.
/// - Returns: a service, to be run after those that it calls.
package func makeApplication(
    configuration: HTTPConfiguration,
    services: HTTPServices,
    logger: Logger,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
    Application(
        router: makeRouter(configuration: configuration, services: services),
        server: HTTPServerBuilder { responder in
            EventLoopChannel(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: .init(
                        idleTimeout: TimeAmount(configuration.idleTimeout),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 16 << 10,
                            maxHeaderListSize: 64 << 10,
                            maxHeaderFieldCount: 100
                        )
                    )
                )
            )
        },
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "punctual",
            backlog: 1_024,
            availableConnectionsDelegate: MaximumAvailableConnections(
                configuration.maximumConnections
            )
        ),
        onServerRunning: onServerRunning,
        logger: logger
    )
}

/// The routes of the roles that are enabled, behind the middleware that every request passes.
func makeRouter(
    configuration: HTTPConfiguration,
    services: HTTPServices
) -> Router<EdgeContext> {
    let router = Router(context: EdgeContext.self)
    router.add(
        middleware: EdgeMiddleware(
            metrics: HTTPMetrics(registry: services.metrics),
            crossOrigin: CrossOrigin(allowed: configuration.corsOrigins),
            clock: services.clock,
            traces: services.traces
        )
    )
    makeRoutes(configuration: configuration, services: services).install(in: router)
    return router
}

/// The routes of the roles that are enabled.
func makeRoutes(configuration: HTTPConfiguration, services: HTTPServices) -> RouteTable {
    let origins = OriginGuard(
        allowed: configuration.corsOrigins,
        isAuthenticated: !(services.authenticator is SingleUser)
    )
    var routes = RouteTable(
        authenticator: services.authenticator,
        origins: origins,
        limiter: configuration.rateLimit.map { RateLimiter(perSecond: $0, clock: services.clock) }
    )
    routes.addHealth(services)
    routes.addSidecar(services.sidecar)
    routes.addSuccessions(services.sidecar, services.tasks)
    if configuration.servesTasks {
        routes.addPage()
        routes.addDescription()
        routes.addSession(services, configuration)
        routes.addProfile(services, configuration)
        routes.addAPITokens(services, configuration)
        routes.addTasks(services, configuration)
        routes.addHistory(services)
        routes.addReminders(services, configuration)
        routes.addInterruptions(services, configuration)
        routes.addTags(services, configuration)
        routes.addRecurrence(services, configuration)
        routes.addImport(services, configuration)
        routes.addCalendar(services)
        routes.addConversations(services, configuration)
        routes.addNotifications(services)
        routes.addPush(services, configuration)
        routes.addMCP(services, configuration, origins)
    }
    if configuration.servesTasks || configuration.servesUpdates {
        let slots = StreamSlots(
            limit: configuration.maximumStreams,
            open: HTTPMetrics.openStreams(services.metrics)
        )
        routes.addUpdates(services, configuration, slots)
        routes.addWebSocket(services, configuration, slots, origins)
    }
    return routes
}
