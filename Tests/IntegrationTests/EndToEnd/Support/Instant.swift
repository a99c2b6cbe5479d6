// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A point on the wall clock, in microseconds since the Unix epoch.
struct Instant: Comparable, Hashable, Sendable {
    var microseconds: Int64

    static var now: Instant {
        var time = timespec()
        // SAFETY: the call fills in the structure, which outlives it.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Reads RFC 3339 in UTC, with up to six decimals of a second.
    init?(_ text: some StringProtocol) {
        let parts = text.dropLast().split(separator: ".", maxSplits: 1)
        guard text.hasSuffix("Z"), let whole = parts.first,
            let date = try? Date("\(whole)Z", strategy: .iso8601)
        else { return nil }
        let decimals = parts.count > 1 ? parts[1] : ""
        guard let fraction = Int64((decimals + "000000").prefix(6)) else { return nil }
        microseconds = Int64(date.timeIntervalSince1970) * 1_000_000 + fraction
    }

    init(microseconds: Int64) { self.microseconds = microseconds }

    /// RFC 3339 in UTC, with six decimals of a second.
    var text: String {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601).dropLast()
        return "\(whole).\(String(1_000_000 + fraction).dropFirst())Z"
    }

    static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    static func + (instant: Self, milliseconds: Int) -> Self {
        Instant(microseconds: instant.microseconds + Int64(milliseconds) * 1_000)
    }
}

extension Instant: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(text) is no instant in UTC"
            )
        }
        self = instant
    }
}
