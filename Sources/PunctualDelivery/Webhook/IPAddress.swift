// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address as 128 bits; IPv4 lies where RFC 4291 §2.5.5.2 maps it, `::ffff:0:0/96`.
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    let bits: UInt128
    /// Whether it is an IPv4 address, rather than an IPv6 address that maps one.
    let isIPv4: Bool

    static let mappedPrefix: UInt128 = 0xffff << 32

    private init(bits: UInt128, isIPv4: Bool) { (self.bits, self.isIPv4) = (bits, isIPv4) }

    /// Reads four decimal numbers, or the forms of RFC 4291 §2.2; nil for any other spelling.
    init?(_ text: some StringProtocol) {
        if let bits = Self.ipv4(text) {
            self.init(bits: Self.mappedPrefix | bits, isIPv4: true)
        } else if let bits = Self.ipv6(text) {
            self.init(bits: bits, isIPv4: false)
        } else {
            return nil
        }
    }

    private static func ipv4(_ text: some StringProtocol) -> UInt128? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt128 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count),
                part.utf8.allSatisfy({ (48...57).contains($0) }),
                let byte = UInt8(part), part.utf8.count == 1 || part.first != "0"
            else { return nil }
            bits = bits << 8 | UInt128(byte)
        }
        return bits
    }

    private static func ipv6(_ text: some StringProtocol) -> UInt128? {
        guard text.utf8.count <= 45, let halves = halves(of: String(text)) else { return nil }
        var groups = halves.head
        if let tail = halves.tail {
            guard groups.count + tail.count < 8 else { return nil }
            groups += Array(repeating: 0, count: 8 - groups.count - tail.count) + tail
        }
        guard groups.count == 8 else { return nil }
        return groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// The groups before and after `::`; there is no tail without one.
    private static func halves(of text: String) -> (head: [UInt16], tail: [UInt16]?)? {
        guard let range = text.firstRange(of: "::") else {
            return groups(text[...], isLast: true).map { ($0, nil) }
        }
        guard let head = groups(text[..<range.lowerBound], isLast: false),
            let tail = groups(text[range.upperBound...], isLast: true)
        else { return nil }
        return (head, tail)
    }

    /// Reads groups of sixteen bits; the last of an address may be written as IPv4.
    private static func groups(_ text: Substring, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, let bits = ipv4(part) {
                groups += [
                    UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits),
                ]
            } else if (1...4).contains(part.utf8.count), part.first != "+",
                let group = UInt16(part, radix: 16)
            {
                groups.append(group)
            } else {
                return nil
            }
        }
        return groups
    }

    /// The address in a form that every parser reads alike: nothing is abbreviated.
    var description: String {
        let width = isIPv4 ? 8 : 16
        let count = isIPv4 ? 4 : 8
        let parts = (1...count).map { index in
            bits >> UInt128(width * (count - index)) & (1 << UInt128(width) - 1)
        }
        return isIPv4
            ? parts.map { String($0) }.joined(separator: ".")
            : parts.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

/// All addresses with the same leading bits (CIDR, RFC 4632).
struct AddressRange: Sendable, Hashable {
    private let base: UInt128
    private let mask: UInt128

    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address; nil when it is none of them.
    init?(_ text: some StringProtocol) {
        let parts = text.split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        guard let length = parts.count == 1 ? width : Int(parts[1]), (0...width).contains(length)
        else { return nil }
        mask = length == 0 && !address.isIPv4 ? 0 : ~0 << UInt128(width - length)
        base = address.bits & mask
    }

    func contains(_ address: IPAddress) -> Bool { address.bits & mask == base }
}
