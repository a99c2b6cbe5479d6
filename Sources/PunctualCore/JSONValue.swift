// SPDX-License-Identifier: Apache-2.0

/// One value of a JSON text (RFC 8259), as ``JSONReader`` finds it.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that 64 bits hold exactly.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in the order written; a name may repeat, and then the last one counts.
    case object([JSONMember])

    /// What kind of value it is, in the words of RFC 8259, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The member of an object; nil when this is no object or lacks it.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}

/// One member of a JSON object.
package struct JSONMember: Sendable, Hashable {
    /// The name, unescaped.
    package var name: String
    /// The value.
    package var value: JSONValue

    /// Creates a member.
    package init(name: String, value: JSONValue) { (self.name, self.value) = (name, value) }
}

/// One reference token of a JSON pointer (RFC 6901 §3), escaped, with its slash.
package func pointerToken(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
        return "/" + name
    }
    return "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
}
