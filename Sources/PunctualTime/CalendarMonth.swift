// SPDX-License-Identifier: Apache-2.0

/// One month of the calendar, prepared for arithmetic on bit sets of its days.
///
/// A set of days is a `UInt64` in which bit 1 to bit 31 stand for the days of the month. Bit 0
/// stands for the day before the month and the bit after the last for the day after it: that is
/// where SKIP may move a date.
struct CalendarMonth {
    /// Months since the year 0, January = 0.
    let index: Int
    /// Days since the epoch of the first day.
    let firstDay: Int
    /// How many days the month has.
    let length: Int

    init(index: Int) {
        self.index = index
        let year = index.flooredQuotient(by: 12)
        firstDay = Gregorian.days(year: year, month: index - year * 12 + 1, day: 1)
        length = Gregorian.daysInMonth(year: year, month: index - year * 12 + 1)
    }

    /// The month that `day`, in days since the epoch, lies in.
    init(containing day: Int) {
        let (year, month, dayOfMonth) = Gregorian.parts(day)
        index = year * 12 + month - 1
        firstDay = day - dayOfMonth + 1
        length = Gregorian.daysInMonth(year: year, month: month)
    }

    var year: Int { index.flooredQuotient(by: 12) }
    /// 0 = January to 11 = December.
    var monthOfYear: Int { index.flooredRemainder(by: 12) }
    /// How many days of the year lie before the month.
    var daysBefore: Int { firstDay - Gregorian.days(year: year, month: 1, day: 1) }
    /// The weekday of the first day, 0 = Sunday.
    var firstWeekday: Int { Gregorian.weekday(firstDay) }
    /// The set of all days of the month.
    var allDays: UInt64 { .bits(from: 1, through: length) }

    /// The days that fall on `weekdays`, a set in which bit 0 is Sunday; may exceed the month.
    func days(on weekdays: UInt64) -> UInt64 {
        let shift = UInt64(firstWeekday)
        let rotated = (weekdays >> shift | weekdays << (7 - shift)) & 0x7f
        // The factor repeats the seven bits five times; shifted so that bit 1 is the first day.
        return (rotated &* 0x8_1020_4081) << 1
    }
}

extension UInt64 {
    /// The set of the bits `first` to `last`, clipped to 0...62.
    static func bits(from first: Int, through last: Int) -> UInt64 {
        let (first, last) = (Swift.max(first, 0), Swift.min(last, 62))
        return first > last ? 0 : (1 << UInt64(last + 1)) - (1 << UInt64(first))
    }

    /// The set of these bits, each 0 to 63.
    init(bits: some Sequence<Int>) {
        self = bits.reduce(0) { $0 | 1 << UInt64($1 & 63) }
    }

    /// Whether bit `index`, 0 to 63, is set.
    func contains(_ index: Int) -> Bool { self >> UInt64(index & 63) & 1 == 1 }

    /// The bits not below `index`, 0 to 63.
    func from(_ index: Int) -> UInt64 { self & (.max << UInt64(index & 63)) }

    /// The bits below `index`, 0 to 63.
    func below(_ index: Int) -> UInt64 { self & ~(.max << UInt64(index & 63)) }

    /// Removes the lowest bit and returns its index; the set must not be empty.
    mutating func removeFirst() -> Int {
        let index = trailingZeroBitCount
        self &= self &- 1
        return index
    }

    /// The index of the `rank`th bit, from 0; the set must have that many.
    func select(_ rank: Int) -> Int {
        var rest = self
        for _ in 0..<rank { rest &= rest &- 1 }
        return rest.trailingZeroBitCount
    }
}
