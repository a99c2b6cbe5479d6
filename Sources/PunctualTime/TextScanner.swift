// SPDX-License-Identifier: Apache-2.0

/// A cursor over the UTF-8 of a short text; every parser of this module reads through it.
///
/// Inputs come from strangers, so a text longer than the caller's bound reads as empty, which no
/// grammar here accepts, and no number can overflow.
struct TextScanner {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: some StringProtocol, limit: Int) {
        let prefix = Array(text.utf8.prefix(limit + 1))
        bytes = prefix.count > limit ? [] : prefix
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The next byte, not consumed; zero at the end.
    var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

    /// Consumes the next byte if it is `character`.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    /// Consumes bytes as long as `condition` holds and says how many there were.
    mutating func skip(while condition: (UInt8) -> Bool) -> Int {
        let start = position
        while position < bytes.count, condition(bytes[position]) { position += 1 }
        return position - start
    }

    /// Reads exactly `count` decimal digits; nil, with the position undefined, if there are fewer.
    mutating func digits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Reads one to `limit` digits (at most 18) and stops at the first other byte or the limit.
    mutating func number(limit: Int = 9) -> Int? {
        guard var value = digit() else { return nil }
        for _ in 1..<limit {
            guard let digit = digit() else { break }
            value = value * 10 + digit
        }
        return value
    }

    /// Reads one decimal digit.
    mutating func digit() -> Int? {
        guard position < bytes.count, bytes[position] &- 48 < 10 else { return nil }
        position += 1
        return Int(bytes[position - 1]) - 48
    }
}

extension String {
    /// `value` in decimal, padded with zeros on the left to at least `width` digits.
    init(_ value: Int, width: Int) {
        self.init(value)
        while utf8.count < width { self = "0" + self }
    }
}

extension FixedWidthInteger {
    /// The quotient rounded towards minus infinity, for a positive divisor.
    func flooredQuotient(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// What `flooredQuotient(by:)` leaves, in `0..<divisor`, for a positive divisor.
    func flooredRemainder(by divisor: Self) -> Self {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
