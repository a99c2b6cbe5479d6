// SPDX-License-Identifier: Apache-2.0

extension ZoneRules {
    /// No TZif file may be longer; real ones stay below 4 KiB, so this is ample.
    static let maximumFileBytes = 1 << 20

    /// The footer's rule is written out up to the year 2100, in seconds since the epoch: looking a
    /// segment up in the table costs a tenth of computing it.
    static let tabulatedUntil: Int64 = 4_102_444_800

    /// Reads the bytes of a TZif file, version 1 to 4 (RFC 9636), the format of
    /// `/usr/share/zoneinfo`.
    ///
    /// - Parameters:
    ///   - identifier: The name of the zone in the IANA database; it is kept, not checked.
    ///   - tzif: The whole file.
    /// - Throws: `ZoneError` if the bytes are malformed; nothing in them can make it trap.
    public init(identifier: String, tzif: [UInt8]) throws(ZoneError) {
        var reader = TZifReader(identifier: identifier, bytes: tzif)
        guard tzif.count <= Self.maximumFileBytes else {
            throw reader.malformed("a time zone file has at most 1 MiB")
        }
        var header = try reader.header()
        var timeSize = 4
        if header.version >= UInt8(ascii: "2") {
            try reader.skip(header.blockSize(timeSize: 4))
            header = try reader.header()
            timeSize = 8
        }
        guard header.leapCount == 0 else {
            throw ZoneError(
                code: .leapSeconds,
                identifier: identifier,
                message: "the file counts leap seconds; use the zone outside of \"right/\""
            )
        }
        let table = try reader.transitions(header, timeSize: timeSize)
        let footer = timeSize == 8 ? try reader.footer() : nil

        guard let footer, footer.daylight != nil else {
            // A footer that never changes its clocks repeats the last offset, unless it is alone.
            var offsets = table.offsets
            if let footer, table.starts.isEmpty { offsets[0] = footer.standard }
            self.init(
                identifier: identifier,
                starts: table.starts,
                offsets: offsets,
                footer: nil,
                footerStart: Segment.distantFuture
            )
            return
        }
        var (starts, offsets, last) = table
        while abs(last) < Self.tabulatedUntil {
            let segment = footer.segment(at: last)
            if segment.offset != offsets.last {
                starts.append(max(segment.start, last))
                offsets.append(segment.offset)
            }
            last = segment.end
        }
        self.init(
            identifier: identifier,
            starts: starts,
            offsets: offsets,
            footer: footer,
            footerStart: last
        )
    }
}

/// Takes a TZif file apart, never reading past its end.
private struct TZifReader {
    struct Header {
        var version: UInt8
        var utcCount, standardCount, leapCount, timeCount, typeCount, nameBytes: Int

        func blockSize(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + nameBytes + leapCount * (timeSize + 4)
                + standardCount + utcCount
        }
    }

    let identifier: String
    let bytes: [UInt8]
    var position = 0

    init(identifier: String, bytes: [UInt8]) {
        self.identifier = identifier
        self.bytes = bytes
    }

    func malformed(_ message: String) -> ZoneError {
        ZoneError(code: .malformed, identifier: identifier, message: message)
    }

    mutating func skip(_ count: Int) throws(ZoneError) {
        guard count <= bytes.count - position else {
            throw malformed("the time zone file ends too early; reinstall tzdata")
        }
        position += count
    }

    /// Reads a big-endian signed integer of `size` bytes.
    mutating func integer(size: Int) throws(ZoneError) -> Int64 {
        let start = position
        try skip(size)
        let unsigned = bytes[start..<position].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = UInt64(64 - size * 8)
        return Int64(bitPattern: unsigned << unused) >> unused
    }

    mutating func header() throws(ZoneError) -> Header {
        let start = position
        try skip(20)
        guard bytes[start..<start + 4].elementsEqual("TZif".utf8) else {
            throw malformed("not a time zone file: it must start with TZif")
        }
        var counts = [Int]()
        for _ in 0..<6 {
            let count = try integer(size: 4)
            guard count >= 0, count <= bytes.count else {
                throw malformed("the time zone file announces more than it holds")
            }
            counts.append(Int(count))
        }
        return Header(
            version: bytes[start + 4],
            utcCount: counts[0],
            standardCount: counts[1],
            leapCount: counts[2],
            timeCount: counts[3],
            typeCount: counts[4],
            nameBytes: counts[5]
        )
    }

    /// Reads the data block: the transitions that change the offset, and when the last one was.
    mutating func transitions(
        _ header: Header,
        timeSize: Int
    ) throws(ZoneError) -> (starts: [Int64], offsets: [Int64], last: Int64) {
        let end = position + header.blockSize(timeSize: timeSize)
        var times = [Int64]()
        for _ in 0..<header.timeCount {
            let time = try integer(size: timeSize)
            // Some files start with a transition at the Big Bang; it may not overflow later.
            times.append(max(time, ZoneRules.Segment.distantPast))
            guard time < ZoneRules.Segment.distantFuture else {
                throw malformed("the time zone file has a transition beyond all time")
            }
        }
        let types = position
        try skip(header.timeCount)
        var typeOffsets = [Int64]()
        for _ in 0..<header.typeCount {
            typeOffsets.append(try integer(size: 4))
            try skip(2)
        }
        try skip(end - position)
        guard let first = typeOffsets.first,
            typeOffsets.allSatisfy({ abs($0) <= ZoneRules.maximumOffset })
        else { throw malformed("the time zone file has an impossible UTC offset") }

        var starts = [Int64]()
        var offsets = [first]
        for (index, time) in times.enumerated() {
            let type = Int(bytes[types + index])
            guard type < typeOffsets.count, index == 0 || times[index - 1] < time else {
                throw malformed("the transitions of the time zone file are out of order")
            }
            guard typeOffsets[type] != offsets[offsets.count - 1] else { continue }
            starts.append(time)
            offsets.append(typeOffsets[type])
        }
        return (starts, offsets, times.last ?? ZoneRules.Segment.distantPast)
    }

    /// Reads the POSIX rule between two newlines at the end of the file; nil if it is empty.
    mutating func footer() throws(ZoneError) -> PosixTimeZone? {
        let start = position
        try skip(1)
        guard bytes[start] == UInt8(ascii: "\n"),
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n"))
        else { throw malformed("the time zone file lacks its last line; reinstall tzdata") }
        guard end > position else { return nil }
        let text = String(decoding: bytes[position..<end], as: UTF8.self)
        guard let rule = PosixTimeZone(text) else {
            throw ZoneError(
                code: .footer,
                identifier: identifier,
                message: "the time zone file ends in an unreadable rule; reinstall tzdata"
            )
        }
        return rule
    }
}
