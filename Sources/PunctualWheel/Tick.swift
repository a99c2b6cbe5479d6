// SPDX-License-Identifier: Apache-2.0

/// A moment of wall time, counted in steps of 128 µs since the Unix epoch.
///
/// A power of two makes conversion a shift; 128 µs is less than a kernel's own wake-up jitter.
/// A due instant becomes a tick by `init(roundingUp:)`, a clock reading by `init(roundingDown:)`;
/// what is compared after that is never early, and late by less than one tick.
public struct Tick: Hashable, Comparable, BitwiseCopyable, Sendable {
    /// How many microseconds one tick lasts.
    public static let microseconds: Int64 = 1 << bits

    /// The last tick that a wheel can hold: eight levels of six bits, in the year 3111.
    public static let horizon = Tick(rawValue: 1 << 48 - 1)

    @usableFromInline static let bits = 7

    /// The number of ticks since the Unix epoch.
    public let rawValue: UInt64

    /// The tick that begins `rawValue` ticks after the Unix epoch.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The first tick that does not begin before an instant.
    ///
    /// An instant before the Unix epoch gives tick zero.
    @inlinable
    public init(roundingUp microsecondsSinceEpoch: Int64) {
        let isBetweenTicks = microsecondsSinceEpoch & (Self.microseconds - 1) != 0
        let floor = microsecondsSinceEpoch >> Self.bits
        rawValue = UInt64(max(0, floor + (isBetweenTicks ? 1 : 0)))
    }

    /// The last tick that has begun at an instant; tick zero before the Unix epoch.
    @inlinable
    public init(roundingDown microsecondsSinceEpoch: Int64) {
        rawValue = UInt64(max(0, microsecondsSinceEpoch >> Self.bits))
    }

    /// When the tick begins, in microseconds since the Unix epoch; saturated at the last
    /// that `Int64` holds.
    @inlinable
    public var microsecondsSinceEpoch: Int64 {
        Int64(min(rawValue, UInt64(Int64.max >> Self.bits))) << Self.bits
    }

    /// Whether one tick begins before another.
    @inlinable
    public static func < (left: Tick, right: Tick) -> Bool {
        left.rawValue < right.rawValue
    }
}
