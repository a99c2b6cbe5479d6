// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres
internal import Testing

/// Runs `body` and returns the error of the driver that it must throw.
nonisolated(nonsending) func errorOf(
    _ body: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> PostgresError {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}

extension PostgresPool {
    /// Executes SQL that is not worth a name.
    nonisolated(nonsending) func query(
        _ sql: String,
        _ parameters: [PostgresValue] = []
    ) async throws -> PostgresResult {
        try await execute(PostgresStatement(sql: sql), parameters)
    }

    /// The process of the server that serves this pool's only connection.
    nonisolated(nonsending) func backend() async throws -> Int32 {
        try await query("SELECT pg_backend_pid()")[0].int4(0)
    }

    /// Returns when the backend `pid` waits for what `pg_stat_activity` calls `event`.
    nonisolated(nonsending) func waitUntil(backend pid: Int32, waitsFor event: String) async throws
    {
        let activity = PostgresStatement(
            name: "activity",
            sql: "SELECT wait_event = $2 FROM pg_stat_activity WHERE pid = $1"
        )
        while try await execute(activity, [.int4(pid), .text(event)]).first?.boolOrNil(0) != true {}
    }
}
