// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import PunctualTime

/// The fixed hash slots over which users are spread.
///
/// A user's shard never changes, because the count is stored in the database by the first
/// migration and a different setting stops the start.
package struct ShardMap: Sendable, Hashable {
    /// How many shards there are, 1 to 4,096.
    package let count: Int

    /// Creates the map for a database of `count` shards; `count` is checked by configuration.
    package init(count: Int) { self.count = count }

    /// The shard of a user: FNV-1a, 32 bits, over the UTF-8 of its id, modulo the count.
    package func shard(of userID: String) -> Int16 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in userID.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int16(truncatingIfNeeded: Int(hash) % count)
    }
}

/// The id of an event, derived and never drawn, so that every repeat carries the same one.
///
/// A UUID version 8 (RFC 9562 §5.8): 48 bits of the nominal instant in milliseconds, then bits of
/// a SHA-256 of what happened. The leading time lets `event_log` be partitioned by this id.
package struct EventID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The sixteen bytes in network order, as two big-endian halves.
    package let high: UInt64, low: UInt64

    /// Wraps the two halves of an id read back from the database.
    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Derives the id of what happens at `instant`: `kind` to reminder `sourceID` at `nominal`.
    package init(instant: WallInstant, sourceID: Int64, nominal: CivilDateTime, kind: String) {
        var header: [UInt8] = []
        header.reserveCapacity(32)
        for word in [sourceID, nominal.secondsSinceEpoch] {
            for shift in stride(from: 56, through: 0, by: -8) {
                header.append(UInt8(truncatingIfNeeded: word >> Int64(shift)))
            }
        }
        header.append(contentsOf: kind.utf8)
        let digest = Array(SHA256.hash(data: header))
        let milliseconds = UInt64(max(0, instant.microsecondsSinceEpoch / 1_000)) & 0xffff_ffff_ffff
        let random = UInt64(digest[0] & 0x0f) << 8 | UInt64(digest[1])
        high = milliseconds << 16 | 0x8000 | random
        low = digest[2..<10].reduce(0) { $0 << 8 | UInt64($1) } & 0x3fff_ffff_ffff_ffff | 1 << 63
    }

    /// Parses the canonical 36-character form; nil when it is not one.
    package init?(_ text: some StringProtocol) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        guard text.utf8.count == 36, digits.count == 32,
            let high = UInt64(String(decoding: digits[..<16], as: UTF8.self), radix: 16),
            let low = UInt64(String(decoding: digits[16...], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
        // Dashes elsewhere, and the sign that a number may have, would have been read too.
        guard description == text.lowercased() else { return nil }
    }

    /// The canonical form, 36 characters in lower case.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                text.append(UInt8(ascii: "-"))
            }
            let half = index < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (index % 16)) & 15)
            text.append(nibble < 10 ? 48 + nibble : 87 + nibble)
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

/// The primary key of an outbox row.
package struct OutboxKey: Sendable, Hashable {
    /// The shard of the user concerned.
    package let shard: Int16
    /// The reminder, or the change, that the row came from.
    package let sourceID: Int64
    /// The nominal local time of the occurrence.
    package let nominal: CivilDateTime

    /// Creates a key from its parts.
    package init(shard: Int16, sourceID: Int64, nominal: CivilDateTime) {
        (self.shard, self.sourceID, self.nominal) = (shard, sourceID, nominal)
    }
}
