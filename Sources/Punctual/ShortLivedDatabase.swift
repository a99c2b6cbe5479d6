// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualLoop
internal import PunctualPostgres

/// Lends a pool for as long as `body` runs; what commands use that are done in a moment.
func withDatabase<Value: Sendable>(
    _ url: String,
    connections: Int,
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    var configuration = PostgresPoolConfiguration(url: url, maximumConnections: connections)
    // A migration may rewrite a large table, and may wait for the lock of another one.
    configuration.statementTimeoutMilliseconds = 0
    configuration.lockTimeoutMilliseconds = 0
    let loop = try LoopExecutor(name: "punctual")
    let logger = Logger(label: "punctual") { _ in SwiftLogNoOpLogHandler() }
    let pool = PostgresPool(configuration: configuration, loop: loop, logger: logger)
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(pool))
    } catch {
        result = .failure(error)
    }
    await pool.close()
    await loop.shutdown()
    return try result.get()
}
