// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import PunctualPostgres
internal import PunctualStore

/// What `doctor` asks the database.
struct DatabaseChecks {
    /// Beyond this offset, in microseconds, an engine is not ready (DESIGN §1).
    static let maximumClockOffset: Int64 = 100_000
    /// The oldest release whose features are used.
    static let minimumVersion = 130_000
    /// A process opens a few connections, and others need some too.
    static let comfortableConnections: Int32 = 20

    let pool: PostgresPool

    /// All of them; only the first when the database cannot be reached.
    func run() async -> [DoctorFinding] {
        let database = await finding("database", reach)
        guard database.verdict == .ok else { return [database] }
        return await [
            database,
            finding("schema", schema),
            finding("clock offset", clockOffset),
            finding("durability", durability),
            finding("connections", connections),
        ]
    }

    private func finding(
        _ subject: String,
        _ check: () async throws -> DoctorFinding
    ) async -> DoctorFinding {
        do {
            return try await check()
        } catch {
            // Whoever runs this knows the database, so that the server's own words may be shown.
            return .fail(
                subject,
                String(reflecting: error),
                remedy: "check that PostgreSQL runs and that PUNCTUAL_DATABASE_URL is right: "
                    + "psql \"$PUNCTUAL_DATABASE_URL\" -c 'select 1'"
            )
        }
    }

    private func reach() async throws -> DoctorFinding {
        let result = try await pool.execute(
            PostgresStatement(
                sql: """
                    SELECT current_setting('server_version'),
                        current_setting('server_version_num')::integer,
                        pg_is_in_recovery()
                    """
            )
        )
        let row = result[0]
        let version = try "PostgreSQL \(row.text(0))"
        guard try row.int4(1) >= Self.minimumVersion else {
            return .fail("database", version, remedy: "upgrade to PostgreSQL 13 or later")
        }
        guard try !row.bool(2) else {
            return .fail(
                "database",
                "\(version), a standby that takes no writes",
                remedy: "connect to the primary; with several hosts in the URL add "
                    + "target_session_attrs=read-write"
            )
        }
        return .ok("database", version)
    }

    /// The difference of the clocks, by Cristian's algorithm: exact to half a round trip.
    private func clockOffset() async throws -> DoctorFinding {
        var best: (roundTrip: Int64, offset: Int64) = (.max, 0)
        for _ in 0..<5 {
            let before = Clocks.realtimeMicroseconds()
            let result = try await pool.execute(
                PostgresStatement(name: "doctor_clock", sql: "SELECT clock_timestamp()")
            )
            let after = Clocks.realtimeMicroseconds()
            let middle = before + (after - before) / 2
            let sample = (roundTrip: after - before, offset: try result[0].timestamptz(0) - middle)
            if sample.roundTrip < best.roundTrip { best = sample }
        }
        let detail =
            "the database's is \(abs(best.offset)) µs \(best.offset < 0 ? "behind" : "ahead")"
            + " (± \(best.roundTrip / 2) µs)"
        guard abs(best.offset) <= Self.maximumClockOffset else {
            return .fail(
                "clock offset",
                detail,
                remedy: "synchronise the clocks of both machines"
            )
        }
        return .ok("clock offset", detail)
    }

    private func durability() async throws -> DoctorFinding {
        let names = ["fsync", "full_page_writes", "synchronous_commit"]
        let result = try await pool.execute(
            PostgresStatement(
                sql: "SELECT name FROM pg_settings WHERE name = ANY($1) AND setting = 'off'"
            ),
            [.textArray(names)]
        )
        let off = try result.map { try $0.text(0) }.sorted()
        guard off.isEmpty else {
            return .fail(
                "durability",
                off.map { "\($0) is off" }.joined(separator: ", "),
                remedy: "turn it on, or a crash loses what was promised: "
                    + off.map { "ALTER SYSTEM SET \($0) = on" }.joined(separator: "; ")
            )
        }
        return .ok("durability", names.joined(separator: ", ") + " are on")
    }

    private func connections() async throws -> DoctorFinding {
        let result = try await pool.execute(
            PostgresStatement(
                sql: """
                    SELECT current_setting('max_connections')::integer
                        - current_setting('superuser_reserved_connections')::integer
                        - (SELECT count(*) FROM pg_stat_activity
                            WHERE backend_type = 'client backend')::integer
                    """
            )
        )
        let free = try result[0].int4(0)
        guard free >= Self.comfortableConnections else {
            return .warn(
                "connections",
                "\(free) are free",
                remedy: "raise max_connections in PostgreSQL, or put a pooler before other clients"
            )
        }
        return .ok("connections", "\(free) are free")
    }

    private func schema() async throws -> DoctorFinding {
        let pending = try await SchemaMigrator(pool: pool).pending()
        guard pending.isEmpty else {
            return .fail(
                "schema",
                "\(pending.count) migrations are missing",
                remedy: "punctual migrate"
            )
        }
        return .ok("schema", "current")
    }
}
