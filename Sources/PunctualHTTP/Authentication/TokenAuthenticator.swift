// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PunctualCore
package import PunctualTime

/// Which tokens are believed.
package struct TokenConfiguration: Sendable {
    /// The secret of HS256, at least 32 bytes (RFC 7518 §3.2).
    package var secret: String?
    /// Fetches the key set (RFC 7517) of RS256 and ES256, as JSON text.
    package var fetchKeys: (@Sendable () async throws -> String)?
    /// What `aud` must contain, if anything.
    package var audience: String?
    /// What `iss` must be, if anything.
    package var issuer: String?

    /// Creates a configuration that believes no token.
    package init() {}
}

/// Knows users by bearer tokens that are JWTs (RFC 6750, RFC 7519).
package struct TokenAuthenticator: Authenticator {
    /// How far the clocks of the issuer and of this host may be apart.
    package static let leewaySeconds: Int64 = 30
    /// Characters of a subject at most.
    package static let maximumSubject = 255
    /// Bytes of a token at most.
    package static let maximumToken = 8_192

    /// The end of the year 9999, in seconds since the Unix epoch.
    private static let latestExpiry = 253_402_300_799.0

    private let audience: String?
    private let issuer: String?
    private let keys: KeyRing
    private let clock: WallClock
    private let register: @Sendable (User) async throws -> Void
    private let apiTokens: APITokenService?
    private let registered = KnownUsers()

    /// Creates an authenticator.
    ///
    /// `register` is told of each user before the first of its requests, and when its e-mail
    /// address is another than before.
    package init(
        _ configuration: TokenConfiguration,
        apiTokens: APITokenService? = nil,
        clock: @escaping WallClock,
        register: @escaping @Sendable (User) async throws -> Void
    ) async {
        (audience, issuer) = (configuration.audience, configuration.issuer)
        (self.clock, self.register, self.apiTokens) = (clock, register, apiTokens)
        keys = await KeyRing(secret: configuration.secret, fetch: configuration.fetchKeys)
    }

    package func user(of fields: HTTPFields) async throws -> User {
        let token = try Self.token(in: fields)
        if token.hasPrefix(APIToken.prefix) { return try await bearer(of: token, fields) }
        let claims: TokenClaims
        do {
            claims = try await keys.claims(of: token)
        } catch let problem as HTTPProblem {
            throw problem
        } catch {
            throw Self.refusal("The token is malformed, or not signed by a key that is known here.")
        }
        try check(claims)
        return try await known(
            User(id: claims.subject, email: claims.email, timezone: claims.timezone)
        )
    }

    package func expiry(of token: String) async -> WallInstant? {
        // Only a JWT says it, and one that is not believed has none.
        guard let seconds = try? await keys.claims(of: token).expires,
            (0...Self.latestExpiry).contains(seconds)
        else { return nil }
        return WallInstant(secondsSinceEpoch: Int64(seconds))
    }

    /// The user, who has a row in the database from now on.
    private func known(_ user: User) async throws -> User {
        if registered.isNews(user) {
            try await register(user)
            registered.insert(user)
        }
        return user
    }

    /// The user of an API token, or the one whom its bearer names, if it may.
    private func bearer(of token: String, _ fields: HTTPFields) async throws -> User {
        guard let bearer = try await apiTokens?.bearer(of: token) else {
            throw Self.refusal("The API token is not known, or it has expired.")
        }
        guard let other = fields[named: "X-Punctual-User"] else { return bearer.user }
        guard bearer.actsForOthers else {
            throw HTTPProblem(
                .forbidden,
                .header("X-Punctual-User"),
                "This token acts for its own user only."
            )
        }
        try Self.check(subject: other)
        return try await known(User(id: other))
    }

    private static func token(in fields: HTTPFields) throws -> String {
        if let token = SessionCookie.token(in: fields) { return token }
        guard let field = fields[.authorization] else {
            var problem = HTTPProblem(.unauthorized, "Send a token: Authorization: Bearer <JWT>.")
            problem.headers[.wwwAuthenticate] = "Bearer"
            throw problem
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw refusal("The scheme of Authorization is not Bearer.")
        }
        guard parts[1].utf8.count <= maximumToken else {
            throw refusal("The token has more than \(maximumToken) bytes.")
        }
        return parts[1].trimmingSuffix { $0 == " " }
    }

    private func check(_ claims: TokenClaims) throws {
        let now = Double(clock().microsecondsSinceEpoch) / 1e6
        let leeway = Double(Self.leewaySeconds)
        if let expires = claims.expires, now >= expires + leeway {
            throw Self.refusal("The token has expired; get a new one.")
        }
        if let begins = claims.notBefore, now < begins - leeway {
            throw Self.refusal("The token is not valid yet; check the clocks.")
        }
        if let audience, !claims.audience.contains(audience) {
            throw Self.refusal("The token is for another audience than \(audience).")
        }
        if let issuer, claims.issuer != issuer {
            throw Self.refusal("The token is from another issuer than \(issuer).")
        }
        try Self.check(subject: claims.subject)
    }

    private static func check(subject: String) throws {
        guard (1...maximumSubject).contains(subject.unicodeScalars.count),
            !subject.unicodeScalars.contains("\0")
        else { throw refusal("A user's id has 1 to \(maximumSubject) characters.") }
    }

    private static func refusal(_ reason: String) -> HTTPProblem {
        var problem = HTTPProblem(.unauthorized, reason)
        // RFC 6750 §3; the reasons have neither quotation marks nor backslashes but those of settings.
        let description = reason.filter { $0.isASCII && $0 != "\"" && $0 != "\\" }
        problem.headers[.wwwAuthenticate] =
            "Bearer error=\"invalid_token\", error_description=\"\(description)\""
        return problem
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        guard let end = lastIndex(where: { !predicate($0) }) else { return "" }
        return String(self[...end])
    }
}
