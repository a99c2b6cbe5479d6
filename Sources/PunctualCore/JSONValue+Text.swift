// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The value as JSON text again.
    package var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.text
    }

    /// Writes the value; a number too large for any program to hold becomes `null`.
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .integer(let integer): writer.integer(integer)
        case .number(let number): writer.raw(number.isFinite ? "\(number)" : "null")
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.array { writer in for element in elements { element.write(to: &writer) } }
        case .object(let members):
            writer.object { writer in
                for member in members {
                    writer.name(member.name)
                    member.value.write(to: &writer)
                }
            }
        }
    }
}
