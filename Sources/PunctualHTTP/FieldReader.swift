// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// Reads the values of a body as the types that fields have, and collects all that is wrong.
///
/// Each reader answers nil for a value that it refuses, after noting why under its pointer.
struct FieldReader {
    private(set) var fields: [Problem.Field] = []

    /// What was refused; nil when nothing was.
    var problem: Problem? {
        guard let first = fields.first else { return nil }
        let more = fields.count > 1 ? " (and \(fields.count - 1) more)" : ""
        return Problem(.invalid, "\(first.pointer): \(first.detail)\(more)", fields: fields)
    }

    /// Throws what was refused, if anything was.
    func finish() throws(Problem) { if let problem { throw problem } }

    /// Notes that a value is wrong.
    mutating func refuse(_ pointer: String, _ detail: String) {
        guard fields.count < HTTPProblem.maximumErrors else { return }
        fields.append(Problem.Field(pointer: pointer, detail: detail))
    }

    /// Reads a value that `null` clears.
    mutating func update<Value>(
        _ value: JSONValue,
        _ read: (inout FieldReader, JSONValue) -> Value?
    ) -> Update<Value> {
        if value == .null { return .set(nil) }
        return read(&self, value).map { .set($0) } ?? .keep
    }

    /// Reads a text of at most `limit` scalars, without NUL, which PostgreSQL cannot keep.
    mutating func string(
        _ value: JSONValue,
        _ pointer: String,
        limit: Int = BodyLimits.text
    ) -> String? {
        guard case .string(let text) = value else { return mismatch(value, "a string", pointer) }
        guard text.utf8.count <= limit || text.unicodeScalars.count <= limit else {
            refuse(pointer, "At most \(limit) characters.")
            return nil
        }
        guard !text.utf8.contains(0) else {
            refuse(pointer, "The character NUL cannot be kept; leave it out.")
            return nil
        }
        return text
    }

    /// Reads `true` or `false`.
    mutating func boolean(_ value: JSONValue, _ pointer: String) -> Bool? {
        guard case .bool(let flag) = value else { return mismatch(value, "true or false", pointer) }
        return flag
    }

    /// Reads a whole number.
    mutating func integer(_ value: JSONValue, _ pointer: String) -> Int? {
        guard case .integer(let integer) = value else {
            return mismatch(value, "a whole number", pointer)
        }
        return Int(integer)
    }

    /// Reads one of the words of an enumeration.
    mutating func choice<Choice>(
        _ value: JSONValue,
        _ pointer: String
    ) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = string(value, pointer) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            refuse(pointer, "One of \(words).")
            return nil
        }
        return choice
    }

    /// Reads a list of at most `limit` elements; nil if any of them is refused.
    mutating func list<Element>(
        _ value: JSONValue,
        _ pointer: String,
        limit: Int,
        _ read: (inout FieldReader, JSONValue, String) -> Element?
    ) -> [Element]? {
        guard case .array(let values) = value else { return mismatch(value, "an array", pointer) }
        guard values.count <= limit else {
            refuse(pointer, "At most \(limit) elements.")
            return nil
        }
        let elements = values.enumerated().compactMap { read(&self, $1, "\(pointer)/\($0)") }
        return elements.count == values.count ? elements : nil
    }

    /// Reads an object, whose members `read` takes; where it answers false, for a name that it does
    /// not know, the member is refused.
    @discardableResult
    mutating func object(
        _ value: JSONValue,
        _ pointer: String,
        _ read: (inout FieldReader, JSONMember, String) -> Bool
    ) -> Bool {
        guard case .object(let members) = value else {
            let _: Never? = mismatch(value, "an object", pointer)
            return false
        }
        for member in members {
            let pointer = pointer + pointerToken(member.name)
            if !read(&self, member, pointer) { refuse(pointer, "There is no such field.") }
        }
        return true
    }

    private mutating func mismatch<Value>(
        _ value: JSONValue,
        _ expected: String,
        _ pointer: String
    ) -> Value? {
        refuse(pointer, "It should be \(expected), not \(value.kind).")
        return nil
    }
}
