// SPDX-License-Identifier: Apache-2.0

extension WallInstant: CustomStringConvertible {
    /// Reads an RFC 3339 timestamp with any offset, such as `2026-11-20T10:00:00.5+01:00`.
    ///
    /// Up to nine fraction digits are read and rounded up to the microsecond, because nothing may
    /// be early. Years run from 0001 to 9999, also in UTC.
    ///
    /// - Throws: `TimeFormatError` if the text has another form or names no instant.
    public init(rfc3339 text: some StringProtocol) throws(TimeFormatError) {
        var scanner = TextScanner(text, limit: 35)
        let civil = try scanner.dateTime()
        let micros = try scanner.fractionInMicroseconds()
        let offset = try scanner.utcOffset()
        guard scanner.isAtEnd else { throw .malformed("text follows the UTC offset; remove it") }
        let seconds = civil.secondsSinceEpoch - Int64(offset)
        guard CivilDateTime(secondsSinceEpoch: seconds).secondsSinceEpoch == seconds else {
            throw .outOfRange("an instant lies in the years 0001 to 9999 of UTC")
        }
        self = WallInstant(secondsSinceEpoch: seconds).adding(microseconds: Int64(micros))
    }

    /// Reads the form of iCalendar, `20261120T090000Z`.
    ///
    /// - Throws: `TimeFormatError` if the text has another form or names no instant.
    public init(basic text: some StringProtocol) throws(TimeFormatError) {
        var scanner = TextScanner(text, limit: 16)
        let civil = try scanner.dateTime()
        guard scanner.position == 15, scanner.skip("Z") || scanner.skip("z"), scanner.isAtEnd else {
            throw .malformed("a UTC date-time is written 20261120T090000Z")
        }
        self.init(utc: civil)
    }

    /// The instant as RFC 3339 in UTC, with three or six fraction digits only where needed.
    public var rfc3339: String {
        let micros = Int(microsecondsSinceEpoch.flooredRemainder(by: 1_000_000))
        let fraction =
            micros == 0
            ? ""
            : micros % 1000 == 0
                ? "." + String(micros / 1000, width: 3) : "." + String(micros, width: 6)
        return "\(CivilDateTime(secondsSinceEpoch: secondsSinceEpoch))\(fraction)Z"
    }

    /// The instant as `20261120T090000Z`, rounded up to the second.
    public var basic: String {
        let seconds = adding(microseconds: 999_999).secondsSinceEpoch
        return CivilDateTime(secondsSinceEpoch: seconds).basic + "Z"
    }

    /// The instant as RFC 3339.
    public var description: String { rfc3339 }
}

extension TextScanner {
    /// Reads an optional fraction of a second of one to nine digits, rounded up.
    fileprivate mutating func fractionInMicroseconds() throws(TimeFormatError) -> Int {
        guard skip(".") else { return 0 }
        let start = position
        guard let value = number(limit: 9) else {
            throw .malformed("a fraction of a second needs a digit after the point")
        }
        guard !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) else {
            throw .outOfRange("a fraction of a second has at most nine digits")
        }
        let nanoseconds = (position - start..<9).reduce(value) { value, _ in value * 10 }
        return (nanoseconds + 999) / 1000
    }

    /// Reads `Z` or `+01:00`, in seconds east of UTC.
    fileprivate mutating func utcOffset() throws(TimeFormatError) -> Int {
        if skip("Z") || skip("z") { return 0 }
        let negative = skip("-")
        guard negative || skip("+"), let hours = digits(2), skip(":"), let minutes = digits(2)
        else { throw .malformed("an instant ends in Z or a UTC offset such as +01:00") }
        guard hours < 24, minutes < 60 else {
            throw .outOfRange("a UTC offset runs from -23:59 to +23:59")
        }
        return (hours * 60 + minutes) * (negative ? -60 : 60)
    }
}
