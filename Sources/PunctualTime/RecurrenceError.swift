// SPDX-License-Identifier: Apache-2.0

/// A recurrence rule or pattern that cannot be accepted.
public struct RecurrenceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is, for programs.
    public enum Code: String, Sendable {
        /// The text does not have the shape of a rule.
        case malformed
        /// A part that every rule needs is missing.
        case missing
        /// There is no such part.
        case unknown
        /// A part is given twice.
        case duplicate
        /// A value is outside its range, or a list or text is too long.
        case outOfRange = "out_of_range"
        /// Two parts exclude one another.
        case conflict
    }

    /// What kind of mistake it is.
    public let code: Code
    /// The part at fault: `BYDAY` in a rule, `by_day` in a pattern; empty for the whole.
    public let part: String
    /// What is wrong and what would be right, for people.
    public let message: String

    /// The part and the message.
    public var description: String { part.isEmpty ? message : "\(part): \(message)" }
}
