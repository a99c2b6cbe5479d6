// SPDX-License-Identifier: Apache-2.0

/// A statement that a connection prepares at its first use and knows by name from then on.
///
/// The text is constant; values travel as ``PostgresValue`` parameters, `$1` and so on. The types
/// of its parameters should not change between uses, for each change prepares it anew.
package struct PostgresStatement: Sendable, Hashable {
    /// Identifies the statement within the process; empty for one that is not worth preparing.
    package let name: String
    /// One SQL statement.
    package let sql: String

    /// Names a statement, or leaves it unprepared if `name` is empty.
    package init(name: String = "", sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// A statement with its parameters, for ``PostgresPool/executeTogether(_:)``.
package struct PostgresCommand: Sendable {
    /// What to execute.
    package let statement: PostgresStatement
    /// Its parameters, in the order in which the statement numbers them.
    package let parameters: [PostgresValue]

    /// Joins a statement and its parameters.
    package init(_ statement: PostgresStatement, _ parameters: [PostgresValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}
