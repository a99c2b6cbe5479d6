// SPDX-License-Identifier: Apache-2.0

/// One of the wheel's slots: where a timer waits, given how far ahead of now it is due.
///
/// A tick is read as eight digits in base 64. A timer waits on the level of the highest digit in
/// which its due tick differs from now, in the slot which that digit names. So a slot never wraps
/// around: on every level only slots above now's own digit are occupied, and whatever waits on one
/// level is due before whatever waits on the next.
@usableFromInline
struct WheelSlot: Hashable {
    @usableFromInline static let bitsPerLevel: UInt64 = 6
    @usableFromInline static let levels = 8
    @usableFromInline static let count = 8 * 64

    /// From 0 for the finest level to 7.
    @usableFromInline let level: Int
    /// From 0 to 63.
    @usableFromInline let digit: UInt64

    @inlinable
    init(level: Int, digit: UInt64) {
        self.level = level
        self.digit = digit
    }

    /// The slot for a timer that is due after `now`, both within `Tick.horizon`.
    @inlinable
    init(due: Tick, now: Tick) {
        let highestBit = UInt64(63 - (due.rawValue ^ now.rawValue).leadingZeroBitCount)
        let level = highestBit / Self.bitsPerLevel
        self.init(
            level: Int(level),
            digit: (due.rawValue &>> (level &* Self.bitsPerLevel)) & 63
        )
    }

    /// The slot's number among all, finest level first.
    @inlinable
    var index: Int {
        level << 6 | Int(truncatingIfNeeded: digit)
    }

    /// This slot's bit in the bitmap of its level.
    @inlinable
    var bit: UInt64 {
        1 &<< digit
    }

    /// The first tick that belongs here: now's higher digits, this one, then zeros.
    @inlinable
    func start(now: Tick) -> Tick {
        let shift = UInt64(level) &* Self.bitsPerLevel
        let above = (now.rawValue &>> (shift &+ Self.bitsPerLevel)) &<< Self.bitsPerLevel
        return Tick(rawValue: (above | digit) &<< shift)
    }
}
