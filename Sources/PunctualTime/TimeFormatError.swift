// SPDX-License-Identifier: Apache-2.0

/// A text that is not the date, time or duration it should be.
public struct TimeFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is, for programs.
    public enum Code: String, Sendable {
        /// The text does not have the expected shape.
        case malformed
        /// The shape is right, but a field or the whole value is outside its range.
        case outOfRange = "out_of_range"
    }

    /// What kind of mistake it is.
    public let code: Code
    /// What is wrong and what would be right, for people; never repeats the input.
    public let message: String

    /// The message.
    public var description: String { message }

    static func malformed(_ message: String) -> Self { Self(code: .malformed, message: message) }
    static func outOfRange(_ message: String) -> Self { Self(code: .outOfRange, message: message) }
}
