// SPDX-License-Identifier: Apache-2.0

internal import Crypto
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

/// Base64 with padding, RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                let digit = alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]
                text.append(index <= group.count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes, or nil when the text is not Base64; padding may be left out.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var digits = Array(text.utf8)
        for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 & 0xffff | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }
}
