// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import PunctualCore
internal import PunctualTime

/// The signature of a webhook by the Standard Webhooks specification, version 1 (HMAC-SHA256).
struct WebhookSignature: Sendable {
    private let key: SymmetricKey

    /// Takes a secret: `whsec_` and Base64, or any other text as it is.
    ///
    /// - Throws: `.invalidSecret` for bad Base64 and for a key not of 1 to 1,024 bytes.
    init(secret: String) throws(DeliveryError) {
        let prefix = "whsec_"
        let bytes =
            secret.hasPrefix(prefix)
            ? Base64.decode(secret.dropFirst(prefix.count)) : Array(secret.utf8)
        guard let bytes, (1...1_024).contains(bytes.count) else {
            throw DeliveryError(
                .invalidSecret,
                "the webhook's secret is whsec_ followed by Base64, or a text of up to 1,024 bytes"
            )
        }
        key = SymmetricKey(data: bytes)
    }

    /// The value of the `webhook-signature` header; `timestamp` is in seconds since the Unix epoch.
    func sign(id: String, timestamp: Int64, body: String) -> String {
        let content = Array("\(id).\(timestamp).\(body)".utf8)
        let code = HMAC<SHA256>.authenticationCode(for: content, using: key)
        return "v1," + Base64.encode(Array(code))
    }
}
