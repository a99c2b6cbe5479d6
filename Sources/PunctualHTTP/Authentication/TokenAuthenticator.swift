// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PunctualCore
internal import PunctualTime

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

    private let audience: String?
    private let issuer: String?
    private let keys: KeyRing
    private let clock: WallClock
    private let register: @Sendable (User) async throws -> Void
    private let registered = KnownUsers()

    /// Creates an authenticator.
    ///
    /// `register` is told of each user before the first of its requests, and when its e-mail
    /// address is another than before.
    package init(
        _ configuration: TokenConfiguration,
        clock: @escaping WallClock,
        register: @escaping @Sendable (User) async throws -> Void
    ) async {
        (audience, issuer) = (configuration.audience, configuration.issuer)
        (self.clock, self.register) = (clock, register)
        keys = await KeyRing(secret: configuration.secret, fetch: configuration.fetchKeys)
    }

    package func user(of fields: HTTPFields) async throws -> User {
        let token = try Self.token(in: fields)
        let claims: TokenClaims
        do {
            claims = try await keys.claims(of: token)
        } catch let problem as HTTPProblem {
            throw problem
        } catch {
            throw Self.refusal("The token is malformed, or not signed by a key that is known here.")
        }
        try check(claims)
        let user = User(id: claims.subject, email: claims.email)
        if registered.isNews(user) {
            try await register(user)
            registered.insert(user)
        }
        return user
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
        guard (1...Self.maximumSubject).contains(claims.subject.unicodeScalars.count),
            !claims.subject.unicodeScalars.contains("\0")
        else {
            throw Self.refusal(
                "The sub of the token has not 1 to \(Self.maximumSubject) characters."
            )
        }
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
