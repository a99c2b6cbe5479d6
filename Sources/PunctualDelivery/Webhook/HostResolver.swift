// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix

/// Finds the addresses of hosts.
protocol HostResolver: Sendable {
    /// The addresses in the order in which they are to be tried; never waits on the calling thread.
    func addresses(of host: String, port: Int) async throws -> [IPAddress]
}

/// The system's resolver, `getaddrinfo`, on a thread of NIO's.
///
/// It also reads the odd spellings of IPv4 addresses, such as `127.1` and `0x7f000001`.
struct SystemResolver: HostResolver {
    func addresses(of host: String, port: Int) async throws -> [IPAddress] {
        let resolver = NIORandomizedDNSResolver(loop: MultiThreadedEventLoopGroup.singleton.any())
        // Both are answered by one look-up, which the second begins.
        let ipv4 = resolver.initiateAQuery(host: host, port: port)
        let ipv6 = resolver.initiateAAAAQuery(host: host, port: port)
        let found = try await ipv4.and(ipv6).get()
        return (found.0 + found.1).compactMap { address in
            // A link-local address carries its interface, which is no part of the address.
            address.ipAddress.flatMap { IPAddress($0.prefix { $0 != "%" }) }
        }
    }
}
