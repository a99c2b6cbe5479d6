// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// Writes content lines: folded after 75 octets and ended by CRLF (RFC 5545 §3.1).
struct ContentLineWriter: Sendable {
    /// Octets of a line without its CRLF.
    private static let lineOctets = 75

    private(set) var bytes: [UInt8] = []

    /// Writes `name:value`, the value as it is.
    mutating func line(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: value.utf8)
        if bytes.count - start > Self.lineOctets { fold(from: start) }
        bytes.append(contentsOf: [0x0d, 0x0a])
    }

    /// Writes a value of type TEXT, escaped.
    mutating func text(_ name: String, _ value: String) { line(name, Self.escaped(value)) }

    /// Writes a date-time in whichever of the forms of RFC 5545 §3.3.5 it needs.
    mutating func time(_ name: String, _ time: CalendarTime) {
        times(name, [time.civil], like: time)
    }

    /// Writes a list of date-times of the kind and zone of `time`; nothing for an empty list.
    mutating func times(_ name: String, _ list: [CivilDateTime], like time: CalendarTime) {
        guard !list.isEmpty else { return }
        switch time {
        case .instant: line(name, list.map { "\($0.basic)Z" }.joined(separator: ","))
        case .local(_, let zone):
            line("\(name);TZID=\(zone)", list.map(\.basic).joined(separator: ","))
        case .floating: line(name, list.map(\.basic).joined(separator: ","))
        case .date:
            line("\(name);VALUE=DATE", list.map(\.date.basic).joined(separator: ","))
        }
    }

    /// Writes the lines of a component between its BEGIN and its END.
    mutating func component(_ name: String, _ body: (inout ContentLineWriter) -> Void) {
        line("BEGIN", name)
        body(&self)
        line("END", name)
    }

    /// Gives what was written, and begins anew.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// A TEXT value (RFC 5545 §3.3.11), without the control characters that no line may hold.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",": result.append(contentsOf: ["\\", scalar])
            case "\n" where previous == "\r": break
            case "\n", "\r": result.append(contentsOf: ["\\", "n"])
            case _ where scalar.value < 0x20 && scalar != "\t" || scalar.value == 0x7f: break
            default: result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    /// Breaks the line that begins at `start`, never within a character.
    private mutating func fold(from start: Int) {
        let line = Array(bytes[start...])
        bytes.removeSubrange(start...)
        var position = 0
        while position < line.count {
            // The space that begins a continuation is one of its octets.
            var end = min(position + Self.lineOctets - (position == 0 ? 0 : 1), line.count)
            while end < line.count, line[end] & 0xc0 == 0x80 { end -= 1 }
            if position > 0 { bytes.append(contentsOf: [0x0d, 0x0a, 0x20]) }
            bytes.append(contentsOf: line[position..<end])
            position = end
        }
    }
}

extension CalendarDuration {
    /// The text of RFC 5545 §3.3.6, in which no unit between two others is left out.
    var calendarValue: String {
        let (days, time) = (abs(days), abs(seconds))
        let (hours, minutes, seconds) = (time / 3_600, time / 60 % 60, time % 60)
        var text = (self.days < 0 || self.seconds < 0 ? "-" : "") + "P"
        if days > 0 { text += "\(days)D" }
        guard time > 0 || days == 0 else { return text }
        text += "T"
        if hours > 0 { text += "\(hours)H" }
        if minutes > 0 || hours > 0 && seconds > 0 { text += "\(minutes)M" }
        if seconds > 0 || time == 0 { text += "\(seconds)S" }
        return text
    }
}
