// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop

/// A connection that belongs to one caller for a while.
///
/// It is used by one task at a time and must not outlive the closure that it was given to.
package final class PostgresSession: Sendable {
    let pool: PostgresPool
    let slot: Int
    let connection: PostgresConnection

    init(pool: PostgresPool, slot: Int, connection: PostgresConnection) {
        self.pool = pool
        self.slot = slot
        self.connection = connection
    }

    /// Executes one statement.
    package nonisolated(nonsending) func execute(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue] = []
    ) async throws -> PostgresResult {
        let command = try EncodedCommand(statement, parameters)
        return try await perform(.commands([command])).only
    }

    /// Executes several statements in one round trip; without a transaction they make one.
    ///
    /// - Returns: a result for each, in their order.
    package nonisolated(nonsending) func executeTogether(
        _ commands: [PostgresCommand]
    ) async throws -> [PostgresResult] {
        guard !commands.isEmpty else { return [] }
        return try await perform(.commands(EncodedCommand.all(commands)))
    }

    /// Executes a script of any number of statements, such as a migration; it takes no values.
    package nonisolated(nonsending) func executeScript(_ sql: String) async throws {
        _ = try await perform(.script(sql))
    }

    /// Adds rows by COPY in binary, which is the fastest way for thousands of them.
    ///
    /// - Returns: how many rows were added.
    package nonisolated(nonsending) func copyIn(
        table: String,
        columns: [String],
        rows: some Sequence<[PostgresValue]>
    ) async throws -> Int {
        let copy = try CopyIn(table: table, columns: columns, rows: rows)
        return try await perform(.copy(copy.sql, copy.data)).only.affectedRows
    }

    nonisolated(nonsending) func perform(
        _ work: PostgresRequest.Work,
        ignoresCancellation: Bool = false
    ) async throws -> [PostgresResult] {
        try await pool.perform(
            PostgresRequest(work, session: self, ignoresCancellation: ignoresCancellation)
        )
    }
}

extension [PostgresResult] {
    /// The result of the one statement that was sent; a server that gives none is at fault.
    var only: PostgresResult {
        get throws(PostgresError) {
            guard let result = last else {
                throw PostgresError(.server, "the server gave no result")
            }
            return result
        }
    }
}

extension PostgresSession {
    /// Rolls back, even if the task is cancelled.
    nonisolated(nonsending) func rollBack() async throws {
        let command = try EncodedCommand(PostgresStatement(sql: "ROLLBACK"), [])
        _ = try await perform(.commands([command]), ignoresCancellation: true)
    }

    /// Commits; a transaction that had failed is rolled back by the server, which is an error too.
    nonisolated(nonsending) func commit() async throws {
        let results = try await perform(
            .commands([EncodedCommand(PostgresStatement(sql: "COMMIT"), [])])
        )
        guard try results.only.commandTag == "COMMIT" else {
            throw PostgresError(.misuse, "a statement of the transaction had failed before")
        }
    }
}
