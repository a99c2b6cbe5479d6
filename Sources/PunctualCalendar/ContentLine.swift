// SPDX-License-Identifier: Apache-2.0

/// One property as it stands in a calendar: `NAME;PARAMETER=value:value` (RFC 5545 §3.1).
package struct ContentLine: Hashable, Sendable {
    /// A parameter with its values: unquoted, and decoded by RFC 6868.
    package struct Parameter: Hashable, Sendable {
        /// The name, in upper case.
        package let name: String
        /// The values; empty when the parameter has no `=`, as in vCalendar 1.0.
        package let values: [String]
    }

    /// The property's name, in upper case.
    package let name: String
    /// Its parameters in the order written.
    package let parameters: [Parameter]
    /// The value as written, still escaped, without control characters.
    package let value: String
    /// The line of the file, from 1, on which it begins.
    package let line: Int
    /// Whether bytes were not UTF-8, or were control characters, and had to be replaced.
    package let isRepaired: Bool

    /// The first value of the parameter `name` (upper case), if it is there.
    package func parameter(_ name: String) -> String? {
        parameters.first { $0.name == name }?.values.first
    }

    /// The value as TEXT (RFC 5545 §3.3.11): `\n`, `\,`, `\;` and `\\` undone.
    package var text: String {
        value.utf8.contains(UInt8(ascii: "\\")) ? unescaped(separator: nil)[0] : value
    }

    /// The value as a list of TEXT values, divided at the commas that are not escaped.
    package var textList: [String] { unescaped(separator: ",") }

    /// A backslash before any other character is kept: Windows paths are often left unescaped.
    private func unescaped(separator: Unicode.Scalar?) -> [String] {
        var result: [String] = []
        var current = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in value.unicodeScalars {
            switch (isEscaped, scalar) {
            case (false, "\\"): isEscaped = true
            case (false, separator):
                result.append(String(current))
                current = String.UnicodeScalarView()
            case (false, _): current.append(scalar)
            case (true, _):
                isEscaped = false
                switch scalar {
                case "n", "N": current.append("\n")
                case "\\", ",", ";", ":", "\"": current.append(scalar)
                default: current.append(contentsOf: ["\\", scalar])
                }
            }
        }
        if isEscaped { current.append("\\") }
        return result + [String(current)]
    }
}

/// Shortens a stranger's text; by scalars, for one character may be of any length.
func shortened(_ text: String) -> String {
    let start = text.unicodeScalars.prefix(CalendarLimits.quotedScalars)
    return start.endIndex == text.endIndex ? text : "\(String(start))…"
}

/// A stranger's text as a message quotes it.
func quoted(_ text: String) -> String { "“\(shortened(text))”" }
