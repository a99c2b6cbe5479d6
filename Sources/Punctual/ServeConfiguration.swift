// SPDX-License-Identifier: Apache-2.0

internal import PunctualDapr
internal import PunctualDelivery

/// What `serve` is told to do; every value is within its range.
struct ServeConfiguration: Sendable {
    /// One duty that a process can have; together they make a whole server.
    enum Role: String, CaseIterable, Sendable {
        case api, engine, recurring, notify, audit, realtime
    }

    /// A libpq URI or connection string; it may hold a password.
    var databaseURL: String
    /// Which tokens are believed; nil while every request is the user `dev`'s.
    var authentication: Authentication?
    /// The address that the API binds; a loopback address while there is no authentication.
    var httpHost = "127.0.0.1"
    /// The port, 0 to 65,535; 0 lets the system choose.
    var httpPort = 8080
    /// The duties of this process.
    var roles = Set(Role.allCases)
    /// Which way events go.
    var transport = Transport.local
    /// The Dapr sidecar, if anything is asked of it.
    var sidecar: DaprSettings?
    /// Where fired reminders are posted, if anywhere.
    var webhook: WebhookConfiguration?
    /// Where e-mail is handed over, if anywhere.
    var mail: MailConfiguration?
    /// The key of Web Push, if there is one.
    var vapidKey: VAPIDKey?
    /// Where Web Push may go.
    var pushGuard = TargetGuard.publicOnly
    /// The hash slots of users, 1 to 4,096; fixed by the first migration.
    var shards = 64
    /// How long before due a reminder is staged, 10 ms to 60 s; nil adapts it to the database.
    var lead: Duration?
    /// Overdue reminders fired per second at most, 1 to 1,000,000.
    var catchUpRate = 5_000
    /// How long the past is kept, in days, 1 to 3,650.
    var retentionDays = 90

    /// Requests a second of one user, 1 to 100,000; nil for any number.
    var rateLimit: Int?
    /// Origins of other sites whose pages may use the API.
    var corsOrigins: Set<String> = []

    /// What a Dapr sidecar must send with each request; nil answers this machine alone.
    var appToken: String?
    /// The application whose jobs are kept here, if there is one.
    var jobsCallbackURL: String?

    /// How users are known.
    struct Authentication: Sendable {
        /// The secret of HS256, at least 32 bytes.
        var secret: String?
        /// Where the key set of RS256 and ES256 is.
        var keySetURL: String?
        /// What `aud` must contain.
        var audience: String?
        /// What `iss` must be.
        var issuer: String?
    }

    /// Creates a configuration with the default of everything that has one.
    init(databaseURL: String) { self.databaseURL = databaseURL }
}
