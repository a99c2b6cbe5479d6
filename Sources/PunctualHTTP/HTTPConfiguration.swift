// SPDX-License-Identifier: Apache-2.0

package import PunctualCore

/// Where the API listens and how much it takes.
package struct HTTPConfiguration: Sendable {
    /// The address to bind: a name, an IPv4 or an IPv6 address.
    package var host: String
    /// The TCP port; 0 lets the system choose.
    package var port: Int
    /// Whether every route is served; otherwise only health and metrics, and perhaps updates.
    package var servesTasks: Bool
    /// Whether `/api/updates` is served although the other routes of the API are not.
    package var servesUpdates: Bool
    /// The version of the program, as clients are told it.
    package var programVersion = "0"
    /// Origins of other sites whose pages may read answers (Fetch §3.2), such as
    /// `https://app.example.com`.
    package var corsOrigins: Set<String> = []
    /// Requests a second of one user, in the long run; nil for any number.
    package var rateLimit: Int?
    /// Bytes of one JSON body.
    package var maximumBodyBytes = 1 << 20
    /// Bytes of the body of a batch.
    package var maximumBatchBytes = 16 << 20
    /// Bytes of a calendar to import.
    package var maximumCalendarBytes = 10 << 20
    /// Connections at once; more wait in the backlog of the socket.
    package var maximumConnections = 16_384
    /// Streams of updates open at once; more are answered 503.
    package var maximumStreams = 10_000
    /// How long a stream goes without a comment that keeps proxies from closing it.
    package var keepAliveInterval = Duration.seconds(15)
    /// How long a connection may go without a request.
    package var idleTimeout = Duration.seconds(75)

    /// Creates a configuration with the default bounds, serving everything.
    package init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        servesTasks: Bool = true,
        servesUpdates: Bool = true
    ) {
        (self.host, self.port) = (host, port)
        (self.servesTasks, self.servesUpdates) = (servesTasks, servesUpdates)
    }
}

/// What the HTTP edge calls: the rest of the process behind its ports.
package struct HTTPServices: Sendable {
    /// The tasks.
    package var tasks: TaskService
    /// The tags.
    package var tags: TagService
    /// The streams of events.
    package var updates: any UpdateSource
    /// The time zones that exist.
    package var zones: any ZoneSource
    /// The present instant.
    package var clock: WallClock
    /// What `/metrics` shows, and where requests are counted.
    package var metrics: PrometheusRegistry
    /// Brings up to date what is only measured when somebody asks.
    package var sample: @Sendable () async -> Void = {}
    /// What `/readyz` answers.
    package var readiness: @Sendable () async -> ReadinessReport
    /// Takes what each sampled request took, if anybody wants to know; it must not block.
    package var traces: SpanRecorder?
    /// Whose request it is.
    package var authenticator: any Authenticator
    /// What users have chosen; without it their profiles and feeds are not there.
    package var profiles: ProfileService?
    /// The tokens of programs; without it their routes are not there.
    package var apiTokens: APITokenService?
    /// Where conversations are kept; without it their routes are not there.
    package var conversations: (any ConversationStore)?
    /// The reminders that fired; without it their routes are not there.
    package var notifications: NotificationService?
    /// What could not be delivered; without it its routes are not there.
    package var deadLetters: DeadLetterService?
    /// Browsers that are told of reminders; without it their routes are not there.
    package var push: PushService?
    /// What a Dapr sidecar may ask for.
    package var sidecar = SidecarServices()

    /// Creates the services from their parts.
    package init(
        tasks: TaskService,
        tags: TagService,
        updates: any UpdateSource,
        zones: any ZoneSource,
        clock: @escaping WallClock,
        metrics: PrometheusRegistry,
        readiness: @escaping @Sendable () async -> ReadinessReport,
        authenticator: any Authenticator = SingleUser()
    ) {
        (self.tasks, self.tags, self.updates) = (tasks, tags, updates)
        (self.zones, self.clock) = (zones, clock)
        (self.metrics, self.readiness, self.authenticator) = (metrics, readiness, authenticator)
    }
}

/// Whether the process can do its work, and why not.
package struct ReadinessReport: Sendable {
    /// One thing that readiness depends on, or that is worth showing beside it.
    package struct Check: Sendable {
        /// What was looked at, such as `database`.
        package var name: String
        /// Nil when all is well; otherwise what is wrong and what to do about it.
        package var problem: String?
        /// Whether a problem makes the process unready.
        package var isRequired: Bool

        /// Creates a check from its parts.
        package init(_ name: String, problem: String? = nil, isRequired: Bool = true) {
            (self.name, self.problem, self.isRequired) = (name, problem, isRequired)
        }
    }
    /// Everything that was looked at.
    package var checks: [Check]

    /// Creates a report.
    package init(checks: [Check]) { self.checks = checks }

    /// Whether nothing that is required has a problem.
    package var isReady: Bool { !checks.contains { $0.isRequired && $0.problem != nil } }
}
