// SPDX-License-Identifier: Apache-2.0

/// Where e-mail is handed over, and in whose name.
package struct MailConfiguration: Sendable {
    /// The name of the channel in `deliveries`.
    package static let channel = "email"

    /// `smtp://host:port` or `smtps://host:port`.
    let url: String
    let username: String?
    let password: String?
    /// Whether `smtp` must become secure by STARTTLS (RFC 3207).
    let requiresTLS: Bool
    /// A file of certificates to trust; nil for the system's.
    let authorities: String?
    let sender: MailAddress

    /// Checks the values of `PUNCTUAL_SMTP_URL`, `PUNCTUAL_SMTP_FROM` and `PUNCTUAL_SMTP_CA`.
    ///
    /// - Parameters:
    ///   - url: `smtp://` or `smtps://`, user and password (percent-encoded), host and port; port
    ///     587 or 465 when it is not given.
    ///   - from: an address, or a name and an address in angle brackets.
    ///   - authorities: a file of certificates in PEM; nil for the system's.
    /// - Throws: `.invalidMailURL` or `.invalidSender`, without the password.
    package init(url: String, from: String, authorities: String? = nil) throws(DeliveryError) {
        guard let sender = MailAddress(from) else {
            throw DeliveryError(
                .invalidSender,
                "an address such as Punctual <reminders@example.org>, in ASCII"
            )
        }
        let isSecure = url.hasPrefix("smtps://")
        guard isSecure || url.hasPrefix("smtp://") else { throw Self.invalidURL }
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        // The parser of webhooks is stricter than libcurl's, so that both see the same host.
        let plain: WebhookURL
        do throws(DeliveryError) {
            let port =
                place.hasSuffix("]") || !place.contains(":") ? (isSecure ? ":465" : ":587") : ""
            plain = try WebhookURL("http://\(place)\(port)")
        } catch { throw Self.invalidURL }
        guard plain.path == "/" else { throw Self.invalidURL }
        let host = plain.host.contains(":") ? "[\(plain.host)]" : plain.host
        self.url = "\(isSecure ? "smtps" : "smtp")://\(host):\(plain.port)"
        requiresTLS = !["localhost", "127.0.0.1", "::1"].contains(plain.host)
        (username, password) = try Self.credentials(at.map { authority[..<$0] })
        (self.authorities, self.sender) = (authorities, sender)
    }

    private static func credentials(
        _ text: Substring?
    ) throws(DeliveryError) -> (String?, String?) {
        guard let text else { return (nil, nil) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = decoded(parts[0]), let password = decoded(parts[1]),
            !user.isEmpty
        else { throw invalidURL }
        return (user, password)
    }

    /// Percent-decodes; nil for what is not UTF-8 or holds control characters.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static let invalidURL = DeliveryError(
        .invalidMailURL,
        "a URL such as smtp://user:password@mail.example.org:587 or smtps://…, the user and the "
            + "password percent-encoded"
    )
}
