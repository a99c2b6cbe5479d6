// SPDX-License-Identifier: Apache-2.0

internal import PunctualDelivery
internal import PunctualTime

extension ServeConfiguration {
    /// Reads every setting of `serve`.
    ///
    /// | key | type, unit | default | range |
    /// |---|---|---|---|
    /// | `database_url` | libpq URI, secret | none | |
    /// | `http_host` | address | `127.0.0.1` | loopback only without authentication |
    /// | `http_port` | integer | 8080 | 0 to 65535 |
    /// | `roles` | list | all | names of ``Role`` |
    /// | `transport` | name | `local` | `local`, `kafka`, `dapr` |
    /// | `jwt_secret` | text, secret | none | 32 to 1,024 bytes |
    /// | `jwks_url` | URL | none | http or https |
    /// | `jwt_audience`, `jwt_issuer` | text | none | |
    /// | `webhook_url` | URL | none | http or https |
    /// | `webhook_secret` | `whsec_` and Base64, or text; secret | none | 1 to 1,024 bytes |
    /// | `webhook_allow` | list of hosts and address ranges | none | |
    /// | `webhook_ca` | path of PEM | none | |
    /// | `smtp_url` | URL, secret | none | smtp or smtps |
    /// | `smtp_from` | address | none | required by `smtp_url` |
    /// | `smtp_ca` | path | the system's certificates | |
    /// | `vapid_key` | base64url, secret | none | 32 bytes |
    /// | `shards` | integer | 64 | 1 to 4096 |
    /// | `lead` | ISO 8601, seconds | `adaptive` | PT0.01S to PT60S |
    /// | `catch_up_rate` | reminders a second | 5000 | 1 to 1000000 |
    /// | `retention` | ISO 8601, days | `P90D` | P1D to P3650D |
    /// | `rate_limit` | requests a second of a user | any number | 1 to 100000 |
    /// | `cors_origins` | list of origins | none | scheme, host and port, without a path |
    /// | `jobs_callback_url` | URL | none | http or https |
    /// | `app_api_token` | text, secret | none | |
    ///
    /// - Throws: ``CommandError`` naming the setting that is missing or out of range.
    init(_ settings: SettingsReader) throws {
        try self.init(databaseURL: settings.databaseURL())
        if let host = settings.text(.httpHost) { httpHost = host }
        authentication = try Self.authentication(settings)
        guard authentication != nil || Self.isLoopback(httpHost) else {
            throw settings.refusal(
                .httpHost,
                "without authentication only a loopback address is served, such as 127.0.0.1; set "
                    + "PUNCTUAL_JWT_SECRET or PUNCTUAL_JWKS_URL to serve others"
            )
        }
        httpPort = try settings.integer(.httpPort, in: 0...65_535) ?? httpPort
        transport = try Self.transport(settings)
        sidecar = try Self.usedSidecar(settings)
        roles = try Self.roles(settings) ?? roles
        webhook = try Self.webhook(settings)
        try readChannels(settings)
        shards = try settings.integer(.shards, in: 1...4_096) ?? shards
        lead = try Self.lead(settings)
        catchUpRate = try settings.integer(.catchUpRate, in: 1...1_000_000) ?? catchUpRate
        // The user `dev` is everybody, and is not held to anything.
        rateLimit =
            try settings.integer(.rateLimit, in: 1...100_000)
            .flatMap { authentication == nil ? nil : $0 }
        corsOrigins = try Self.corsOrigins(settings)
        retentionDays = try Self.retentionDays(settings) ?? retentionDays
        appToken = settings.text(.appToken)
        jobsCallbackURL = try settings.url(.jobsCallbackURL)
    }

    private static func authentication(_ settings: SettingsReader) throws -> Authentication? {
        let value = Authentication(
            secret: settings.text(.jwtSecret),
            keySetURL: settings.text(.jwksURL),
            audience: settings.text(.jwtAudience),
            issuer: settings.text(.jwtIssuer)
        )
        if let secret = value.secret, !(32...1_024).contains(secret.utf8.count) {
            throw settings.refusal(.jwtSecret, "a secret of HS256 has 32 to 1,024 bytes")
        }
        if let url = value.keySetURL, !url.hasPrefix("https://"), !url.hasPrefix("http://") {
            throw settings.refusal(.jwksURL, "an http or https URL")
        }
        guard value.secret != nil || value.keySetURL != nil else {
            for setting in [Setting.jwtAudience, .jwtIssuer] where settings.text(setting) != nil {
                throw settings.refusal(
                    setting,
                    "means nothing without PUNCTUAL_JWT_SECRET or PUNCTUAL_JWKS_URL"
                )
            }
            return nil
        }
        return value
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1"
            || host.hasPrefix("127.") && host.allSatisfy { $0 == "." || $0.isWholeNumber }
    }

    private static func roles(_ settings: SettingsReader) throws -> Set<Role>? {
        let names = settings.list(.roles)
        let roles = names.compactMap(Role.init(rawValue:))
        guard roles.count == names.count else {
            throw settings.refusal(
                .roles,
                "any of " + Role.allCases.map(\.rawValue).joined(separator: ", ")
            )
        }
        return names.isEmpty ? nil : Set(roles)
    }

    private static func webhook(_ settings: SettingsReader) throws -> WebhookConfiguration? {
        guard let url = settings.text(.webhookURL) else { return nil }
        do {
            return try WebhookConfiguration(
                url: url,
                secret: settings.text(.webhookSecret),
                allowing: settings.list(.webhookAllow).joined(separator: ","),
                authorities: settings.text(.webhookCA)
            )
        } catch {
            let setting: Setting =
                switch error.code {
                case .invalidSecret: .webhookSecret
                case .invalidAllowance: .webhookAllow
                case .invalidAuthorities: .webhookCA
                default: .webhookURL
                }
            throw settings.refusal(setting, error.message)
        }
    }

    private static func lead(_ settings: SettingsReader) throws -> Duration? {
        guard let text = settings.text(.lead), text != "adaptive" else { return nil }
        guard text.hasPrefix("PT"), text.hasSuffix("S"),
            let seconds = Double(text.dropFirst(2).dropLast()), (0.01...60).contains(seconds)
        else { throw settings.refusal(.lead, "adaptive, or PT0.01S to PT60S") }
        return .seconds(seconds)
    }

    private static func corsOrigins(_ settings: SettingsReader) throws -> Set<String> {
        let origins = settings.list(.corsOrigins)
        for origin in origins {
            let host = ["https://", "http://"].lazy
                .compactMap { origin.hasPrefix($0) ? origin.dropFirst($0.count) : nil }.first
            guard let host, !host.isEmpty, !host.contains(where: { "/?#@*".contains($0) }) else {
                throw settings.refusal(.corsOrigins, "origins such as https://app.example.com")
            }
        }
        return Set(origins)
    }

    private static func retentionDays(_ settings: SettingsReader) throws -> Int? {
        guard let text = settings.text(.retention) else { return nil }
        // The message says what would be right; the parser's own would say less.
        guard let duration = try? CalendarDuration(text), duration.seconds == 0,
            (1...3_650).contains(duration.days)
        else { throw settings.refusal(.retention, "whole days, P1D to P3650D") }
        return duration.days
    }
}

extension SettingsReader {
    /// Where the database is.
    func databaseURL() throws -> String {
        guard let url = text(.databaseURL) else {
            throw CommandError(
                .configuration,
                "PUNCTUAL_DATABASE_URL is not set: it says where PostgreSQL is, for example "
                    + "postgresql://punctual@localhost/punctual"
            )
        }
        return url
    }

    /// An http or https URL, or nil when there is none.
    func url(_ setting: Setting) throws -> String? {
        guard let url = text(setting) else { return nil }
        guard ["http://", "https://"].contains(where: { url.hasPrefix($0) && url != $0 }) else {
            throw refusal(setting, "an http or https URL")
        }
        return url
    }

    /// A whole number, or nil when there is none.
    func integer(_ setting: Setting, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(setting) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw refusal(
                setting,
                "a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }
}
