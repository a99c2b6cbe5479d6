// SPDX-License-Identifier: Apache-2.0

/// Why the store could not do what was asked, apart from what PostgreSQL itself refuses.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The class of the failure.
    package enum Code: String, Sendable {
        /// The database was made for another number of shards.
        case shardCount
        /// The schema is older than this program: run `punctual migrate`.
        case schemaOutdated
        /// The schema is newer than this program.
        case schemaTooNew
        /// A row holds what this program cannot read.
        case corruptRow
    }
    /// The class of the failure.
    package let code: Code
    /// What is wrong and what to do about it.
    package let message: String

    /// Creates an error from its parts.
    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    package var description: String { message }
}
