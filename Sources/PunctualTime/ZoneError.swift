// SPDX-License-Identifier: Apache-2.0

/// Bytes that are not the rules of a time zone.
public struct ZoneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is, for programs.
    public enum Code: String, Sendable {
        /// The bytes are not a TZif file, or end too early.
        case malformed
        /// The file counts leap seconds, which the Unix epoch does not.
        case leapSeconds = "leap_seconds"
        /// The rule for the far future at the file's end cannot be read.
        case footer
    }

    /// What kind of mistake it is.
    public let code: Code
    /// The zone's identifier, as the caller gave it.
    public let identifier: String
    /// What is wrong and what would help, for people.
    public let message: String

    /// The identifier and the message.
    public var description: String { "\(identifier): \(message)" }
}
