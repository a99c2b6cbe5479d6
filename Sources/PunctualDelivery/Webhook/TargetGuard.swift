// SPDX-License-Identifier: Apache-2.0

internal import NIOSSL

/// Decides to which addresses a webhook may be sent, so that nobody can make this process speak to
/// its own machine or network (server-side request forgery).
///
/// What counts is the address that is connected to, never the spelling of the host. So a host is
/// resolved, its addresses are checked, and the connection is made to one of those checked: a name
/// that resolves differently the second time gains nothing.
package struct TargetGuard: Sendable {
    private let hosts: Set<String>
    private let ranges: [AddressRange]
    /// Those by whom a target may be vouched for, beside the system's own.
    let authorities: [NIOSSLCertificate]

    /// IANA's special-purpose registries of IPv4, as far as they are not globally reachable.
    private static let refusedIPv4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ].compactMap { AddressRange($0) }
    /// Outside it are loopback, link-local, unique local, multicast, mapped and NAT64 addresses.
    private static let globalIPv6 = AddressRange("2000::/3")
    /// Teredo and other protocol assignments, documentation, and 6to4, which embeds IPv4.
    private static let refusedIPv6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]
        .compactMap { AddressRange($0) }

    /// Lets through what is reachable from everywhere, and nothing else.
    package static let publicOnly = TargetGuard(hosts: [], ranges: [])

    private init(hosts: Set<String>, ranges: [AddressRange]) {
        (self.hosts, self.ranges, authorities) = (hosts, ranges, [])
    }

    /// Creates a guard that also lets through what is listed.
    ///
    /// - Parameters:
    ///   - allowed: the value of `PUNCTUAL_WEBHOOK_ALLOW`: host names, addresses and ranges such as
    ///     `10.1.0.0/16`, separated by commas or spaces.
    ///   - authorities: a file of certificates in PEM that targets are believed by, beside the
    ///     system's.
    /// - Throws: `.invalidAllowance` for anything else, at most 1,000 entries;
    ///   `.invalidAuthorities` for a file that has no certificates.
    package init(
        allowing allowed: String = "",
        authorities: String? = nil
    ) throws(DeliveryError) {
        self.authorities = try authorities.map(Self.certificates) ?? []
        var hosts: Set<String> = []
        var ranges: [AddressRange] = []
        let entries = allowed.split { $0 == "," || $0.isWhitespace }
        guard entries.count <= 1_000 else {
            throw DeliveryError(.invalidAllowance, "at most 1,000 webhook targets can be allowed")
        }
        for entry in entries {
            if let range = AddressRange(entry) {
                ranges.append(range)
            } else if let host = WebhookURL.normalisedHost(entry) {
                hosts.insert(host)
            } else {
                throw DeliveryError(
                    .invalidAllowance,
                    "\"\(entry)\" is neither a host nor a range of addresses such as 10.1.0.0/16"
                )
            }
        }
        (self.hosts, self.ranges) = (hosts, ranges)
    }

    private static func certificates(_ file: String) throws(DeliveryError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty
        else {
            throw DeliveryError(.invalidAuthorities, "\(file) has no certificates in PEM")
        }
        return certificates
    }

    /// Whether a host, which has this address, may be connected to at it.
    func permits(_ address: IPAddress, of host: String) -> Bool {
        if hosts.contains(host) || ranges.contains(where: { $0.contains(address) }) { return true }
        if address.isIPv4 { return !Self.refusedIPv4.contains { $0.contains(address) } }
        return Self.globalIPv6?.contains(address) == true
            && !Self.refusedIPv6.contains { $0.contains(address) }
    }

    /// Those of the addresses that may be connected to.
    ///
    /// - Throws: a permanent failure when there is none.
    func permitted(
        _ addresses: [IPAddress],
        of host: String
    ) throws(DeliveryFailure) -> [IPAddress] {
        let permitted = addresses.filter { permits($0, of: host) }
        guard !permitted.isEmpty else {
            throw DeliveryFailure(
                "the target's address is private or reserved; allow it by PUNCTUAL_WEBHOOK_ALLOW",
                isPermanent: true
            )
        }
        return permitted
    }
}
