// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the bench reads of a fired reminder: two members, found by their names.
///
/// No JSON decoder: at 20,000 events a second that would be the bench's main occupation, on cores
/// which it shares with the server.
struct FiredEvent {
    /// The reminder's number in its run, from the title.
    let index: Int
    /// Microseconds since the Unix epoch.
    let remindAt: Int64

    /// What titles of measured tasks begin with.
    static let titlePrefix = "bench "

    /// Reads an event of this bench, or returns nil if it is another one.
    init?(_ line: UnsafeRawBufferPointer) {
        guard let title = Self.text(of: "\"title\":", in: line),
            title.starts(with: Self.titlePrefix.utf8),
            let due = Self.text(of: "\"remind_at\":", in: line).flatMap(Self.instant)
        else { return nil }
        var index = 0
        for byte in title.dropFirst(Self.titlePrefix.utf8.count) {
            guard let digit = Self.digit(byte) else { break }
            index = index &* 10 &+ Int(digit)
        }
        self.index = index
        remindAt = due
    }

    /// What follows the opening quotation mark of the first value that `key` has.
    private static func text(
        of key: StaticString,
        in line: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let length = key.utf8CodeUnitCount
        // Every key begins with a quotation mark; its second byte is rarer.
        let mark = key.utf8Start[1]
        var position = 1
        while let base = line.baseAddress, position + length <= line.count + 1,
            let found = memchr(base + position, Int32(mark), line.count - position)
        {
            let start = UnsafeRawPointer(found) - base - 1
            guard start + length <= line.count else { return nil }
            if memcmp(base + start, key.utf8Start, length) == 0 {
                let value = line[(start + length)...].drop { $0 == UInt8(ascii: " ") }
                return UnsafeRawBufferPointer(rebasing: value.dropFirst())
            }
            position = start + 2
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : nil
    }

    /// RFC 3339 in UTC, `2026-11-20T09:00:00[.digits]Z`, cut off at microseconds.
    private static func instant(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20 else { return nil }
        func number(_ range: Range<Int>) -> Int64 {
            text[range].reduce(0) { $0 * 10 + Int64($1 & 0xf) }
        }
        let days = daysSinceEpoch(year: number(0..<4), month: number(5..<7), day: number(8..<10))
        let seconds = days * 86_400 + number(11..<13) * 3_600 + number(14..<16) * 60
        var fraction: Int64 = 0
        var scale: Int64 = 1_000_000
        if text[19] == UInt8(ascii: ".") {
            for byte in text[20...] {
                guard let digit = digit(byte), scale > 1 else { break }
                scale /= 10
                fraction += Int64(digit) * scale
            }
        }
        return (seconds + number(17..<19)) * 1_000_000 + fraction
    }

    /// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}
