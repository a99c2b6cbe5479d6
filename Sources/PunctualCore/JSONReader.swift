// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON that is accepted here.
package struct JSONError: Error, Equatable {
    /// Where in the text, in bytes from 0.
    package let offset: Int
    /// What was wrong there.
    package let reason: String
}

/// Reads one JSON text (RFC 8259), strictly and within bounds, into a ``JSONValue``.
///
/// Foundation's decoder is slower by an order of magnitude, takes invalid UTF-8 and rounds large
/// integers; above all, a tree of values lets every error carry a pointer to its field.
package struct JSONReader {
    /// How deep arrays and objects may nest; the deepest body of the API needs 5.
    package static let maximumDepth = 32
    /// How many values a text may hold; a batch of 1,000 full tasks needs a third of it.
    package static let maximumValues = 500_000

    private let bytes: [UInt8]
    private var index = 0
    private var valuesLeft = Self.maximumValues

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the whole of `bytes` as one value.
    package static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.error("More follows the value.") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.maximumDepth else {
            throw error("Arrays and objects may nest \(Self.maximumDepth) deep.")
        }
        valuesLeft -= 1
        guard valuesLeft >= 0 else { throw error("It holds over \(Self.maximumValues) values.") }
        guard let byte = peek else { throw error("It ends where a value should be.") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("A value should begin here.")
        }
    }

    private mutating func members(depth: Int) throws(JSONError) -> [JSONMember] {
        var members: [JSONMember] = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("A member's name should be here.") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("A colon should be here.") }
            skipSpace()
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("A comma or } should be here.") }
        return members
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        repeat {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("A comma or ] should be here.") }
        return elements
    }

    private mutating func literal(
        _ text: StaticString,
        _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let text = "\(text)".utf8
        guard bytes[index...].starts(with: text) else { throw error("A value should begin here.") }
        index += text.count
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        _ = take(UInt8(ascii: "-"))
        let first = index
        try digits()
        guard bytes[first] != UInt8(ascii: "0") || index == first + 1 else {
            throw JSONError(offset: first, reason: "A number may not begin with 0.")
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        return .number(Double(text) ?? .infinity)
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        guard index > start else { throw error("A digit should be here.") }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            index += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func error(_ reason: String) -> JSONError { JSONError(offset: index, reason: reason) }
}

extension JSONReader {
    /// Reads a string; the bytes between two escapes are copied in one piece.
    private mutating func string() throws(JSONError) -> String {
        index += 1
        var start = index
        var unescaped: [UInt8] = []
        var union: UInt8 = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                let piece = bytes[start..<index]
                index += 1
                return try text(unescaped.isEmpty ? piece : unescaped + piece, union: union)
            case UInt8(ascii: "\\"):
                unescaped += bytes[start..<index]
                index += 1
                try escape(into: &unescaped)
                start = index
            case ..<0x20: throw error("Control characters must be escaped.")
            default:
                union |= byte
                index += 1
            }
        }
        throw error("It ends inside a string.")
    }

    /// The text of a string; what was written in ASCII alone need not be checked.
    private func text(_ bytes: ArraySlice<UInt8>, union: UInt8) throws(JSONError) -> String {
        if union < 0x80 { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error("This string is not valid UTF-8.")
        }
        return text
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw error("It ends inside a string.") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes += try unicodeEscape().utf8
        default: throw JSONError(offset: index - 2, reason: "There is no such escape.")
        }
    }

    /// Reads what follows `\u`, and the second half of a surrogate pair with it.
    private mutating func unicodeEscape() throws(JSONError) -> String {
        let start = index
        var code = try hexadecimal()
        if (0xd800..<0xdc00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try hexadecimal()
            guard (0xdc00..<0xe000).contains(low) else {
                throw JSONError(offset: start, reason: "Half of a surrogate pair.")
            }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw JSONError(offset: start, reason: "Half of a surrogate pair.")
        }
        return String(scalar)
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("Four hexadecimal digits should be here.")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
