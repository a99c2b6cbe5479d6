// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualPostgres
import PunctualTestSupport

extension TestDatabase {
    /// The one number that a query answers.
    func number(_ sql: String) async throws -> Int64 {
        try await withPool { pool in
            try await pool.execute(PostgresStatement(sql: sql)).first?.int8(0) ?? 0
        }
    }

    /// The texts that a query answers, one a row.
    func texts(_ sql: String) async throws -> [String] {
        try await withPool { pool in
            var texts: [String] = []
            for row in try await pool.execute(PostgresStatement(sql: sql)) {
                texts.append(try row.text(0))
            }
            return texts
        }
    }

    /// How many reminders are in `event_log`.
    func recordedReminders() async throws -> Int {
        Int(try await number("SELECT count(*) FROM event_log WHERE topic = 'reminders'"))
    }

    /// How many shards an engine holds a lease of.
    func ownedShards() async throws -> Int64 {
        try await number(
            "SELECT count(*) FROM shards WHERE engine_id IS NOT NULL AND expires > now()"
        )
    }

    /// Keeps everybody from writing to `event_log` while `body` runs, and then cuts off who waits.
    ///
    /// What is released meanwhile is not acknowledged: whoever comes after a server that is killed
    /// in `body` has to release it again.
    func withholdingAcknowledgements(_ body: () async throws -> Void) async throws {
        try await withPool { pool in
            try await pool.withSession { session in
                try await session.executeScript("BEGIN; LOCK TABLE event_log IN SHARE MODE")
                try await body()
                try await session.executeScript(
                    """
                    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock';
                    COMMIT
                    """
                )
            }
        }
    }
}

/// A PostgreSQL server that belongs to one test alone, for as long as `body` runs.
///
/// It keeps what has been committed when it crashes; what the machine's crash would lose is of no
/// interest here.
func withOwnCluster(
    settings: [String] = [],
    _ body: (PrivateCluster, TestDatabase) async throws -> Void
) async throws {
    let cluster = try await PrivateCluster.make(
        isDurable: true,
        settings: ["fsync=off"] + settings
    )
    defer { cluster.remove() }
    try await body(cluster, TestDatabase(name: "postgres", url: cluster.url()))
}
