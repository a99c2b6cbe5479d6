// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// Refuses what a page of another site sends in the name of whoever looks at it.
///
/// Browsers let any page open a WebSocket to any server, with the user's cookies, and let one
/// whose name its owner points to 127.0.0.1 post to a server of this machine ("DNS rebinding").
/// They say of which site the page is, so that it can be refused; no other client sends `Origin`.
struct OriginGuard: Sendable {
    /// Origins of other sites whose pages are welcome, such as `https://app.example.com`.
    var allowed: Set<String> = []
    /// Whether requests must prove whose they are.
    ///
    /// If not, the name of this server has to be one that nobody else can point here.
    var isAuthenticated: Bool

    /// Makes sure that a request does not come from a stranger's page.
    func check(_ request: Request) throws(HTTPProblem) {
        guard let origin = request.headers[.origin] else { return }
        if allowed.contains(origin) { return }
        let authority = origin.firstRange(of: "://").map { origin[$0.upperBound...].lowercased() }
        let host = request.head.authority?.lowercased()
        guard let authority, authority == host, isAuthenticated || Self.isLoopback(authority) else {
            throw HTTPProblem(
                .forbidden,
                .header("Origin"),
                "Pages of \(quoted(origin)) may not do this; use the page of this server."
            )
        }
    }

    /// Whether a host, with or without a port, is a name of the machine itself.
    private static func isLoopback(_ authority: String) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
