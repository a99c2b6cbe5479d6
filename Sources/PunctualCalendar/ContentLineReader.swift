// SPDX-License-Identifier: Apache-2.0

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// Divides a calendar into unfolded lines (RFC 5545 §3.1), with their line numbers.
///
/// It works on bytes, because a line may be folded in the middle of a UTF-8 sequence. Lines end in
/// CRLF or LF; a line that begins with a space or a tab continues the one before; empty lines,
/// which many producers leave, are passed over.
struct ContentLineReader {
    private let bytes: [UInt8]
    private var position = 0
    private var lineNumber = 0

    /// Begins at the first byte after a byte-order mark.
    ///
    /// - Throws: `CalendarError` when the input is too long, or is UTF-16.
    init(_ bytes: [UInt8]) throws(CalendarError) {
        guard bytes.count <= CalendarLimits.inputBytes else {
            throw .tooLarge(
                "The calendar has \(bytes.count) bytes, more than \(CalendarLimits.inputBytes). "
                    + "Divide it into several files."
            )
        }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            throw CalendarError(
                code: .unsupportedEncoding,
                message: "The calendar is encoded in UTF-16. Save it as UTF-8.",
                line: nil
            )
        }
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next unfolded line that is not empty, and its number; `nil` at the end.
    ///
    /// - Throws: `CalendarError` when the unfolded line is too long.
    mutating func next() throws(CalendarError) -> (line: Int, bytes: ArraySlice<UInt8>)? {
        var first = nextPhysicalLine()
        while let line = first, line.isEmpty { first = nextPhysicalLine() }
        guard var unfolded = first else { return nil }
        let number = lineNumber
        while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 {
            guard let continuation = nextPhysicalLine() else { break }
            unfolded.append(contentsOf: continuation.dropFirst())
            guard unfolded.count <= CalendarLimits.lineBytes else { break }
        }
        guard unfolded.count <= CalendarLimits.lineBytes else {
            throw .tooLarge(
                "The line is longer than \(CalendarLimits.lineBytes) bytes. Shorten its text, "
                    + "or leave out the attachment in it.",
                line: number
            )
        }
        return (number, unfolded)
    }

    private mutating func nextPhysicalLine() -> ArraySlice<UInt8>? {
        guard position < bytes.endIndex else { return nil }
        let end = bytes[position...].firstIndex(of: lineFeed) ?? bytes.endIndex
        var line = bytes[position..<end]
        position = min(end + 1, bytes.endIndex)
        lineNumber += 1
        while line.last == carriageReturn { line.removeLast() }
        return line
    }
}
