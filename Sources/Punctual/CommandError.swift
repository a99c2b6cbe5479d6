// SPDX-License-Identifier: Apache-2.0

/// Why a command ended without doing what it was asked for.
struct CommandError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure, as far as a caller treats them differently.
    enum Code: Sendable {
        /// A setting is missing, unknown or out of range.
        case configuration
        /// A file cannot be read.
        case unreadableFile
        /// The server did not answer, or refused.
        case refused
        /// A check failed.
        case unhealthy
    }

    /// What kind of failure it is.
    let code: Code
    /// What is wrong and what to do about it.
    let message: String

    init(_ code: Code, _ message: String) {
        (self.code, self.message) = (code, message)
    }

    var description: String { message }
}
