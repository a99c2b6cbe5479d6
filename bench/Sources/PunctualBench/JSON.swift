// SPDX-License-Identifier: Apache-2.0

/// A JSON value whose members keep their order.
indirect enum JSON: CustomStringConvertible {
    case number(Double)
    case integer(Int)
    case text(String)
    case null
    case list([JSON])
    case object([(String, JSON)])

    var description: String {
        switch self {
        case .number(let number): Self.rounded(number)
        case .integer(let number): String(number)
        case .text(let text): Self.quoted(text)
        case .null: "null"
        case .list(let items): "[" + items.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0) + ":" + $1.description }.joined(separator: ",")
                + "}"
        }
    }

    /// Three decimals: microseconds where the unit is a millisecond.
    static func rounded(_ number: Double) -> String {
        number.isFinite ? String((number * 1_000).rounded() / 1_000) : "null"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
