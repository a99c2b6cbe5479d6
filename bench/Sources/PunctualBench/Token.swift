// SPDX-License-Identifier: Apache-2.0

import Crypto

/// A user of a server with authentication: a JSON Web Token signed by HMAC with SHA-256
/// (RFC 7515 §3, RFC 7519).
struct Token {
    /// The secret of every server that the bench starts with authentication.
    static let secret = "the bench's own secret, which guards nothing"

    /// The header line of a request in the name of `user`, believed for a day.
    static func header(of user: String) -> String {
        let now = WallClock.nanoseconds / 1_000_000_000
        let claims = "{\"sub\":\"\(user)\",\"iat\":\(now),\"exp\":\(now + 86_400)}"
        let signed = [#"{"alg":"HS256","typ":"JWT"}"#, claims].map { base64URL($0.utf8) }
            .joined(separator: ".")
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(signed.utf8),
            using: SymmetricKey(data: Array(secret.utf8))
        )
        return "Authorization: Bearer \(signed).\(base64URL(code))\r\n"
    }

    /// Base 64 for URLs, without padding (RFC 4648 §5).
    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            (bits, count) = (bits << 8 | UInt32(byte), count + 8)
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        return text
    }
}
