// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import PunctualCore
internal import PunctualTime

/// The key by which push services know this server (RFC 8292), ES256.
package struct VAPIDKey: Sendable {
    /// How long a signature is good; push services refuse more than 24 hours.
    private static let lifetimeSeconds: Int64 = 12 * 3_600

    private let key: P256.Signing.PrivateKey

    /// Takes the value of `PUNCTUAL_VAPID_KEY`: 32 bytes in base64url.
    ///
    /// - Throws: `.invalidVAPIDKey` for anything else.
    package init(_ text: String) throws(DeliveryError) {
        guard let bytes = Base64.decodeURL(text), bytes.count == 32,
            // The message says what would be right.
            let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes)
        else {
            throw DeliveryError(
                .invalidVAPIDKey,
                "a private key of P-256, 32 bytes in base64url; `punctual keys vapid` makes one"
            )
        }
        self.key = key
    }

    /// Makes a new key.
    package init() { key = P256.Signing.PrivateKey() }

    /// What ``init(_:)`` takes.
    package var text: String { Base64.encodeURL(Array(key.rawRepresentation)) }

    /// The public key as a browser takes it: the point, uncompressed, in base64url.
    package var publicText: String { Base64.encodeURL(Array(key.publicKey.x963Representation)) }

    /// The `Authorization` header of a request to `origin`, with whom to write to about it.
    func authorization(origin: String, contact: String?, now: WallInstant) throws -> String {
        let expires = now.secondsSinceEpoch + Self.lifetimeSeconds
        let subject = contact.map { ",\"sub\":\"mailto:\($0)\"" } ?? ""
        let claims = "{\"aud\":\"\(origin)\",\"exp\":\(expires)\(subject)}"
        let content =
            Base64.encodeURL(Array("{\"typ\":\"JWT\",\"alg\":\"ES256\"}".utf8)) + "."
            + Base64.encodeURL(Array(claims.utf8))
        let signature = try key.signature(for: Array(content.utf8)).rawRepresentation
        return "vapid t=\(content).\(Base64.encodeURL(Array(signature))), k=\(publicText)"
    }
}
