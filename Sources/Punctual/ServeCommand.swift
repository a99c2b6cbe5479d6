// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Logging
internal import Metrics
internal import PunctualHTTP

/// Runs a server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API, fire reminders, deliver events.",
        discussion: """
            Needs a database that `punctual migrate` has prepared. SIGTERM and SIGINT stop it \
            gracefully: what is under way is finished, and everything else waits in the database.

            Settings (environment; in a YAML file the name in lower case without PUNCTUAL_):

              PUNCTUAL_DATABASE_URL     libpq URI of the database; required
              PUNCTUAL_HTTP_HOST        address to listen on; loopback only while every request
                                        is the user dev's (127.0.0.1)
              PUNCTUAL_HTTP_PORT        port to listen on (8080)
              PUNCTUAL_JWT_SECRET       believes bearer tokens signed with it by HS256 (none)
              PUNCTUAL_JWKS_URL         key set of tokens signed by RS256 or ES256 (none)
              PUNCTUAL_JWT_AUDIENCE     what their aud must contain (anything)
              PUNCTUAL_JWT_ISSUER       what their iss must be (anything)
              PUNCTUAL_ROLES            any of api,engine,recurring,notify,audit,realtime (all)
              PUNCTUAL_TRANSPORT        local, kafka or dapr (local)
              PUNCTUAL_KAFKA_BROKERS    bootstrap servers of Kafka (none)
              PUNCTUAL_KAFKA_PROPERTIES any other properties of librdkafka, k=v,k=v (none)
              PUNCTUAL_KAFKA_FORMAT     cloudevents or plain (cloudevents)
              PUNCTUAL_WEBHOOK_URL      where fired reminders are posted (nowhere)
              PUNCTUAL_WEBHOOK_SECRET   signs them by Standard Webhooks (unsigned)
              PUNCTUAL_WEBHOOK_ALLOW    private hosts and ranges they may go to (none)
              PUNCTUAL_WEBHOOK_CA       file of certificates to believe them and push services by,
                                        beside the system's (none)
              PUNCTUAL_SMTP_URL         mail server, such as smtp://user:password@host:587 (none)
              PUNCTUAL_SMTP_FROM        sender of e-mail, such as Punctual <reminders@host>
              PUNCTUAL_SMTP_CA          file of certificates to believe it by (the system's)
              PUNCTUAL_VAPID_KEY        turns on Web Push; see `punctual keys vapid` (none)
              PUNCTUAL_JOBS_CALLBACK_URL  the application whose jobs are kept here (none)
              DAPR_HTTP_ENDPOINT        the sidecar (http://127.0.0.1:DAPR_HTTP_PORT, or :3500)
              DAPR_API_TOKEN            what the sidecar wants (none)
              PUNCTUAL_DAPR_PUBSUB      its pub/sub component (kafka-pubsub)
              PUNCTUAL_DAPR_STATESTORE  its state store, for conversations (PostgreSQL keeps them)
              PUNCTUAL_DAPR_API_APP_ID  the API that recurring calls through it (it calls none)
              APP_API_TOKEN             what a Dapr sidecar must send (loopback only)
              PUNCTUAL_SHARDS           hash slots of users; fixed by the first migration (64)
              PUNCTUAL_LEAD             how long before due a reminder is staged (adaptive)
              PUNCTUAL_CATCH_UP_RATE    overdue reminders fired a second (5000)
              PUNCTUAL_RETENTION        how long the past is kept (P90D)
              PUNCTUAL_RATE_LIMIT       requests a second of one user (any number)
              PUNCTUAL_CORS_ORIGINS     sites whose pages may use the API (none)
              PUNCTUAL_LOG_FORMAT       text or json (text on a terminal, otherwise json)
              OTEL_EXPORTER_OTLP_ENDPOINT  collector of traces, by OTLP over HTTP (none)

            PUNCTUAL_DATABASE_URL_FILE, PUNCTUAL_JWT_SECRET_FILE and PUNCTUAL_WEBHOOK_SECRET_FILE \
            name files with the value; systemd credentials named database_url, jwt_secret and \
            webhook_secret do the same. A secret may also be dapr://STORE/KEY: it is then read from \
            a secret store of the sidecar, for which the start waits up to 60 s.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "The least severe messages that are logged to standard error.",
            discussion: "Otherwise PUNCTUAL_LOG_LEVEL or LOG_LEVEL say so; the default is info."
        )
    )
    var logLevel: String?

    func run() async throws {
        let settings = try await options.settings()
        let configuration = try ServeConfiguration(settings)
        let level = try settings.logLevel(logLevel) ?? .info
        try settings.logFormat().install(level: level)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "punctual")
        for name in settings.unknownVariables {
            logger.warning("a variable that means nothing here", metadata: ["variable": "\(name)"])
        }
        FileLimit.raise()
        HeapLimits.apply()
        try await Composition(configuration, metrics: metrics, logger: logger).run()
    }
}

extension SettingsReader {
    /// The level of the option, or else of the configuration, or else of `LOG_LEVEL`.
    fileprivate func logLevel(_ option: String?) throws -> Logger.Level? {
        let environment = ProcessInfo.processInfo.environment
        guard let text = option ?? text(.logLevel) ?? environment["LOG_LEVEL"] else { return nil }
        guard let level = Logger.Level(rawValue: text) else {
            throw CommandError(
                .configuration,
                "the log level \"\(text)\" is none of "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            )
        }
        return level
    }
}
