// SPDX-License-Identifier: Apache-2.0

internal import JWTKit

/// What a token says (RFC 7519 §4.1); whether it holds is for the authenticator to judge.
struct TokenClaims: JWTPayload {
    let subject: String
    let email: String?
    /// The IANA time zone (OpenID Connect Core 1.0 §5.1).
    let timezone: String?
    let issuer: String?
    let audience: [String]
    /// Seconds since the Unix epoch.
    let expires: Double?
    /// Seconds since the Unix epoch.
    let notBefore: Double?

    private enum CodingKeys: String, CodingKey {
        case subject = "sub"
        case email
        case timezone = "zoneinfo"
        case issuer = "iss"
        case audience = "aud"
        case expires = "exp"
        case notBefore = "nbf"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        subject = try container.decode(String.self, forKey: .subject)
        email = try container.decodeIfPresent(String.self, forKey: .email)
        timezone = try container.decodeIfPresent(String.self, forKey: .timezone)
        issuer = try container.decodeIfPresent(String.self, forKey: .issuer)
        expires = try container.decodeIfPresent(Double.self, forKey: .expires)
        notBefore = try container.decodeIfPresent(Double.self, forKey: .notBefore)
        // One audience may stand alone (RFC 7519 §4.1.3).
        if let one = try? container.decode(String.self, forKey: .audience) {
            audience = [one]
        } else {
            audience = try container.decodeIfPresent([String].self, forKey: .audience) ?? []
        }
    }

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
