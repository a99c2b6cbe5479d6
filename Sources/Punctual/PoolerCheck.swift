// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualPostgres

/// Finds out, before anything depends on it, whether a pooler stands before the database that gives
/// a connection another session for each transaction.
///
/// An engine is known to be alive by a lock of its session, and `LISTEN` and prepared statements are
/// a session's too: with such a pooler dead engines would seem alive, and the living would be deaf.
struct PoolerCheck {
    /// How often two connections are compared: other clients of the pooler may take turns with them.
    private static let rounds = 4

    let pool: PostgresPool
    let logger: Logger

    /// Compares the sessions of two connections that are open at the same time.
    ///
    /// - Throws: when they are one, or when one connection has had two.
    func run() async throws {
        try await pool.withSession { one in
            let first = try await session(of: one)
            if first.timeout == "0" {
                logger.warning(
                    """
                    the database's sessions lack the settings that were asked for; if a pooler \
                    stands in between, set them for the role, as docs/OPERATIONS.md says
                    """
                )
            }
            try await pool.withSession { other in
                for _ in 0..<Self.rounds {
                    let second = try await session(of: other).process
                    let again = try await session(of: one).process
                    guard second != first.process, again == first.process else {
                        throw CommandError(
                            .configuration,
                            """
                            a pooler stands before the database that gives a connection another \
                            session for each transaction; set pool_mode=session, or connect to \
                            PostgreSQL itself
                            """
                        )
                    }
                }
            }
        }
    }

    private func session(
        of connection: PostgresSession
    ) async throws -> (process: Int32, timeout: String) {
        let row = try await connection.execute(
            PostgresStatement(
                sql: "SELECT pg_backend_pid(), current_setting('statement_timeout')"
            )
        )[0]
        return (try row.int4(0), try row.text(1))
    }
}
