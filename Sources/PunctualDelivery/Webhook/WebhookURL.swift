// SPDX-License-Identifier: Apache-2.0

/// The URL of a webhook, taken apart strictly and put together again.
///
/// The HTTP client parses URLs with another parser. Only characters on which no two parsers differ
/// are let through, so that the host it connects to is the host that was checked.
struct WebhookURL: Sendable, Hashable {
    /// The longest URL that is accepted, in bytes.
    static let maximumLength = 2_048

    let isSecure: Bool
    /// In lower case, without a trailing dot, and without brackets.
    let host: String
    let port: Int
    /// The path and the query, beginning with `/`.
    let path: String

    /// The URL as it is given to the HTTP client.
    var text: String {
        "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)"
    }

    /// Parses an absolute `http` or `https` URL without user, password and fragment.
    init(_ text: String) throws(DeliveryError) {
        guard text.utf8.count <= Self.maximumLength,
            text.utf8.allSatisfy({ Self.plainBytes.contains($0) })
        else {
            throw Self.invalid(
                "it has at most 2,048 bytes, printable ASCII without quotes, \\, ^, { | } or #"
            )
        }
        guard let colon = text.firstRange(of: "://") else { throw Self.invalid("it has no scheme") }
        switch text[..<colon.lowerBound].lowercased() {
        case "https": isSecure = true
        case "http": isSecure = false
        default: throw Self.invalid("its scheme is neither https nor http")
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let tail = rest[end...]
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        (host, port) = try Self.authority(rest[..<end], defaultPort: isSecure ? 443 : 80)
    }

    private static func authority(
        _ text: Substring,
        defaultPort: Int
    ) throws(DeliveryError) -> (String, Int) {
        var host = text
        var port = defaultPort
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: colon)...]
            guard let number = UInt16(digits), number > 0, digits.first != "+" else {
                throw invalid("its port is not a number from 1 to 65535")
            }
            (host, port) = (text[..<colon], Int(number))
        }
        if host.hasPrefix("["), host.hasSuffix("]"),
            let address = IPAddress(host.dropFirst().dropLast()),
            !address.isIPv4
        {
            return (address.description, port)
        }
        guard let name = normalisedHost(host) else {
            throw invalid("its host is not a name or an address; user and password are not allowed")
        }
        return (name, port)
    }

    /// A host name in lower case without a trailing dot, or nil for what cannot be one.
    static func normalisedHost(_ text: some StringProtocol) -> String? {
        var host = text.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let isValid =
            (1...253).contains(host.utf8.count) && !host.hasPrefix(".") && !host.contains("..")
            && host.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
            }
        return isValid ? host : nil
    }

    private static let plainBytes = Set<UInt8>(0x21...0x7e).subtracting("\"\\^`{|}<>#".utf8)

    private static func invalid(_ why: String) -> DeliveryError {
        DeliveryError(
            .invalidURL,
            "the webhook's URL is not usable: \(why); write https://host/path"
        )
    }
}
