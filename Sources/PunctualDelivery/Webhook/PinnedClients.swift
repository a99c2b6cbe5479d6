// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOSSL

/// HTTP clients that connect to an address that was checked, whatever the host resolves to then.
///
/// A host keeps its client, and so its open connections, as long as the address is among those
/// permitted. There is a bounded number of them: one more takes the place of another.
actor PinnedClients {
    /// The most hosts at once.
    static let maximumCount = 64
    /// The most that is spent on connecting.
    static let connectTimeout = TimeAmount.seconds(5)

    private struct Pinned {
        let address: IPAddress
        let client: HTTPClient
    }
    private let eventLoops: any EventLoopGroup
    private let timeout: TimeAmount
    private let authorities: [NIOSSLCertificate]
    private var pinned: [String: Pinned] = [:]
    private var isClosed = false

    /// `timeout` is how long a peer may be silent; `authorities` vouch for peers beside the
    /// system's own.
    init(
        eventLoops: any EventLoopGroup,
        timeout: TimeAmount,
        authorities: [NIOSSLCertificate]
    ) {
        (self.eventLoops, self.timeout) = (eventLoops, timeout)
        self.authorities = authorities
    }

    /// The client of a host, pinned to one of the addresses: for a new client, to the one at
    /// `preferred`, counted round and round.
    func client(
        of host: String,
        permitted: [IPAddress],
        preferred: Int
    ) async throws(DeliveryFailure) -> HTTPClient {
        guard !isClosed, !permitted.isEmpty else { throw DeliveryFailure("the sink is closed") }
        if let pinned = pinned[host], permitted.contains(pinned.address) { return pinned.client }
        let address = permitted[max(0, preferred) % permitted.count]
        let crowded = pinned[host] == nil && pinned.count >= Self.maximumCount
        let former = pinned.removeValue(forKey: crowded ? pinned.keys.first ?? host : host)?.client
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(eventLoops),
            configuration: configuration(host: host, address: address)
        )
        pinned[host] = Pinned(address: address, client: client)
        await shutDown(former)
        return client
    }

    /// Lets go of a client whose address does not answer, so that the next one is tried.
    func forget(_ client: HTTPClient, of host: String) async {
        guard pinned[host]?.client === client else { return }
        pinned[host] = nil
        await shutDown(client)
    }

    /// Closes all connections.
    func close() async {
        isClosed = true
        let clients = pinned.values.map(\.client)
        pinned = [:]
        for client in clients { await shutDown(client) }
    }

    private func configuration(host: String, address: IPAddress) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectTimeout, read: timeout)
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = [.certificates(authorities)]
        configuration.tlsConfiguration = tls
        configuration.dnsOverride = [host: address.description]
        return configuration
    }

    /// Requests under way on a client that is let go of fail, and are tried again.
    private func shutDown(_ client: HTTPClient?) async {
        // It fails only for a client that is shut down already.
        try? await client?.shutdown()
    }
}
