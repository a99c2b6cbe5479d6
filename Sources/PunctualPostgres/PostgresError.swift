// SPDX-License-Identifier: Apache-2.0

/// What went wrong between a statement and its result.
///
/// The description holds no parameter, no SQL and no connection string; what the server said in
/// detail is in ``debugDescription``.
package struct PostgresError: Error, Sendable, Hashable {
    /// The kinds of failure, as far as a caller treats them differently.
    package enum Code: Sendable, Hashable {
        /// The server refused the statement; `sqlState` says why.
        case server
        /// A unique or exclusion constraint, named in `constraint`.
        case uniqueViolation
        /// Another constraint: foreign key, check or not-null.
        case constraintViolation
        /// The server gave up on a lock, a deadlock or a serialisation; retry.
        case conflict
        /// The server's statement timeout, or no answer at all.
        case timedOut
        /// The task was cancelled, and the statement had no effect.
        case cancelled
        /// The connection broke.
        case connectionLost
        /// No connection could be made; nothing was sent.
        case unreachable
        /// Too many statements are waiting; nothing was sent.
        case queueFull
        /// The pool is closed; nothing was sent.
        case closed
        /// A result was not of the type that was read.
        case decoding
        /// The caller broke a rule of the driver, such as too many parameters.
        case misuse
    }

    /// What kind of failure it is.
    package let code: Code
    /// What is wrong and what to do, without any value.
    package let message: String
    /// The five characters of PostgreSQL's appendix A, if the server answered.
    package internal(set) var sqlState: String?
    /// The constraint that was violated.
    package internal(set) var constraint: String?
    /// The table that the error is about.
    package internal(set) var table: String?
    /// The column that the error is about.
    package internal(set) var column: String?
    /// Whether the outcome is unknown: the connection died after the statement was sent, so it
    /// may have been committed.
    package internal(set) var isAmbiguous = false
    /// The server's own words, which may hold values.
    var serverMessage: String?

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same statement may succeed later.
    ///
    /// If the error is ambiguous too, the statement must be idempotent to be sent again.
    package var isRetriable: Bool {
        switch code {
        case .conflict, .timedOut, .connectionLost, .unreachable, .queueFull: true
        case .server: sqlState.map(Self.isTransient) ?? false
        default: false
        }
    }

    /// Classes 08 (connection), 53 (resources) and 57P (operator intervention), a read-only
    /// server after a failover (25006), and a plan that became stale.
    private static func isTransient(_ state: String) -> Bool {
        state.hasPrefix("08") || state.hasPrefix("53") || state.hasPrefix("57P")
            || state == "25006" || state == "26000"
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// What is wrong, with the server's code and the names of objects, without any value.
    package var description: String {
        var text = message
        if let sqlState { text += " [\(sqlState)]" }
        if let constraint { text += " constraint \(constraint)" }
        if let table { text += " table \(table)" }
        if let column { text += " column \(column)" }
        if isAmbiguous { text += " (the outcome is unknown)" }
        return text
    }

    /// The description with the server's own words, which may hold values: for a developer's eyes.
    package var debugDescription: String {
        serverMessage.map { "\(description): \($0)" } ?? description
    }
}

extension PostgresError {
    static let malformed = PostgresError(.decoding, "a value is shorter or longer than its type")
    static let cancelled = PostgresError(.cancelled, "the task was cancelled")
    static let closed = PostgresError(.closed, "the connection pool is closed")
    static let queueFull = PostgresError(
        .queueFull,
        "too many statements are waiting for a connection; try again later"
    )
    static let noAnswer = PostgresError(.timedOut, "the server did not answer in time")
    static let unreachable = PostgresError(
        .unreachable,
        "no connection to PostgreSQL in time; check that it runs and the URL"
    )

    static func decoding(_ message: String) -> PostgresError { PostgresError(.decoding, message) }

    static func mismatch(_ column: Int, _ type: PostgresType) -> PostgresError {
        .decoding("column \(column) is of type \(type.rawValue), which this method cannot read")
    }

    static func connectionLost(isAmbiguous: Bool) -> PostgresError {
        var error = PostgresError(.connectionLost, "the connection to PostgreSQL broke")
        error.isAmbiguous = isAmbiguous
        return error
    }

    /// From the fields of an error that the server reported.
    static func server(state: String, serverMessage: String?) -> PostgresError {
        var error = PostgresError(code(of: state), "PostgreSQL refused the statement")
        error.sqlState = state
        error.serverMessage = serverMessage
        return error
    }

    private static func code(of state: String) -> Code {
        switch state {
        case "23505", "23P01": .uniqueViolation
        case _ where state.hasPrefix("23"): .constraintViolation
        case "40001", "40P01", "55P03": .conflict
        case "57014", "25P03": .timedOut
        case "57P01", "57P02", "57P03", "57P05": .connectionLost
        default: .server
        }
    }
}
