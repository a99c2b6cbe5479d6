// SPDX-License-Identifier: Apache-2.0

/// An instant on the wall clock: microseconds since the Unix epoch, UTC, without leap seconds.
///
/// Readings of a monotonic clock are another type; the two never subtract.
public struct WallInstant: Hashable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before.
    public let microsecondsSinceEpoch: Int64

    /// The instant `microsecondsSinceEpoch` after the Unix epoch.
    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// The instant `secondsSinceEpoch` after the Unix epoch, saturating.
    public init(secondsSinceEpoch: Int64) {
        let (product, overflow) = secondsSinceEpoch.multipliedReportingOverflow(by: 1_000_000)
        microsecondsSinceEpoch = overflow ? (secondsSinceEpoch < 0 ? .min : .max) : product
    }

    /// The instant at which a clock set to UTC shows `civil`.
    public init(utc civil: CivilDateTime) {
        self.init(secondsSinceEpoch: civil.secondsSinceEpoch)
    }

    /// The last whole second at or before this instant, since the Unix epoch.
    public var secondsSinceEpoch: Int64 { microsecondsSinceEpoch.flooredQuotient(by: 1_000_000) }

    /// The instant `microseconds` later (earlier if negative), saturating.
    public func adding(microseconds: Int64) -> WallInstant {
        let (sum, overflow) = microsecondsSinceEpoch.addingReportingOverflow(microseconds)
        return WallInstant(
            microsecondsSinceEpoch: overflow ? (microseconds < 0 ? .min : .max) : sum
        )
    }

    /// The instant `duration` later, rounded up to the microsecond, saturating.
    public func advanced(by duration: Duration) -> WallInstant {
        let (seconds, attoseconds) = duration.components
        let fraction = -(-attoseconds).flooredQuotient(by: 1_000_000_000_000)
        let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return adding(microseconds: seconds < 0 ? .min : .max) }
        return adding(microseconds: micros).adding(microseconds: fraction)
    }
}

extension WallInstant: Comparable {
    /// Whether `left` is the earlier instant.
    public static func < (left: WallInstant, right: WallInstant) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}
