// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// One line of JSON Lines that is an object, with its members both as values and as written.
///
/// What was written is kept, so that members nobody touches pass through byte by byte: their
/// order, their numbers' spelling and their escapes.
struct JSONLine {
    /// The longest line that is read, in bytes.
    static let maximumBytes = 1 << 20

    /// Its members, in the order written.
    let members: [JSONMember]
    private let written: [ArraySlice<UInt8>]

    /// Reads a line.
    ///
    /// - Throws: a ``Problem`` when it is no JSON object.
    init(_ line: String) throws(Problem) {
        let bytes = Array(line.utf8)
        guard bytes.count <= Self.maximumBytes else {
            throw Problem(.invalid, "the line is longer than \(Self.maximumBytes) bytes")
        }
        guard case .object(let members) = try Self.value(bytes) else {
            throw Problem(.invalid, "the line is not a JSON object")
        }
        self.members = members
        written = members.isEmpty ? [] : Self.split(bytes)
    }

    /// The line with `added` at its end, in place of members of the same names.
    func with(_ added: [(name: String, json: String)]) -> String {
        let kept = zip(members, written).filter { member, _ in
            !added.contains { $0.name == member.name }
        }
        let texts =
            kept.map { String(decoding: $1, as: UTF8.self) }
            + added.map { "\"\($0.name)\":\($0.json)" }
        return "{\(texts.joined(separator: ","))}"
    }

    private static func value(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.read(bytes)
        } catch {
            throw Problem(
                .invalid,
                "the line is not JSON, byte \(error.offset): \(error.reason)"
            )
        }
    }

    /// The members of an object that is known to be valid, as they are written.
    private static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var members: [ArraySlice<UInt8>] = []
        var (start, depth, index) = (0, 0, 0)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): index = endOfString(bytes, from: index)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 1 { start = index + 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { members.append(bytes[start..<index]) }
            case UInt8(ascii: ",") where depth == 1:
                members.append(bytes[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
        return members
    }

    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index
    }
}
