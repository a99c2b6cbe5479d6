// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
package import PunctualCore

/// What a Dapr sidecar, or an application in the place of one, may ask this process for.
package struct SidecarServices: Sendable {
    /// What every request must carry as `dapr-api-token`; without one, only this machine's
    /// requests are answered.
    package var token: String?
    /// Fires what is overdue.
    package var sweep: (any OverdueSweep)?
    /// Keeps jobs for an application.
    package var jobs: JobService?
    /// Makes the next occurrence of a completed task that lacks it, for a `recurring` elsewhere.
    package var successions: (@Sendable (PendingSuccession) async throws -> Void)?
    /// Handles the events that a sidecar brings; without it, it brings none.
    package var subscription: SidecarSubscription?

    /// Creates services that offer nothing.
    package init() {}
}

/// Lets in the sidecar and nobody else.
///
/// The sidecar shares the machine with its application, so without a token the peer's address has
/// to be a loopback address. What a proxy passes on also comes from there, and so does what a page
/// in a browser of this machine sends; their headers give both away.
struct SidecarGuard: Sendable {
    private static let tokenField = "dapr-api-token"

    /// The token; nil to go by addresses.
    let token: String?

    /// Makes sure that a request may be answered.
    func check(_ call: Call) throws(HTTPProblem) {
        let headers = call.request.headers
        guard let token else {
            let isForeign = ["Forwarded", "X-Forwarded-For", "Origin"]
                .contains { headers[named: $0] != nil }
            guard !isForeign, call.context.channel.remoteAddress?.isLoopback ?? true else {
                throw HTTPProblem(
                    .forbidden,
                    "Without APP_API_TOKEN this path answers only the machine it runs on."
                )
            }
            return
        }
        guard let given = headers[named: Self.tokenField], isEqual(given, token) else {
            throw HTTPProblem(
                .unauthorized,
                .header(Self.tokenField),
                "Send the token of APP_API_TOKEN."
            )
        }
    }

    /// Compares in a time that depends only on what was given.
    private func isEqual(_ given: String, _ expected: String) -> Bool {
        let (given, expected) = (Array(given.utf8), Array(expected.utf8))
        var difference = given.count ^ expected.count
        for (index, byte) in given.enumerated() {
            difference |= Int(byte ^ expected[index % expected.count])
        }
        return difference == 0
    }
}

extension SocketAddress {
    /// Whether the peer is a process of this machine.
    fileprivate var isLoopback: Bool {
        guard let address = ipAddress else { return true }  // A Unix socket.
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}

extension RouteTable {
    /// Adds a route for the sidecar: no user, no rate limit, but its token.
    mutating func sidecar(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ services: SidecarServices,
        _ handler: @escaping Handler
    ) {
        let sidecar = SidecarGuard(token: services.token)
        open(method, path) { call in
            try sidecar.check(call)
            return try await handler(call)
        }
    }
}
