// SPDX-License-Identifier: Apache-2.0

package import PunctualPostgres

/// Brings the schema of a database up to what this program expects.
///
/// Migrations are numbered and only go forward; each runs in a transaction, all of them under an
/// advisory lock, so that any number of processes may try at once.
///
/// A migration that says `Not breaking` in its first lines leaves programs that do not know it
/// working, so that they may run beside a newer one, and again after it: an upgrade replaces
/// processes one by one, and a rollback needs no restored database.
package struct SchemaMigrator: Sendable {
    /// One step of the schema.
    struct Migration: Sendable {
        let number: Int32
        let name: String
        let sql: [UInt8]

        /// Whether programs that do not know it cannot work with the schema that it makes.
        var isBreaking: Bool {
            !String(decoding: sql.prefix(200), as: UTF8.self).contains("\n-- Not breaking: ")
        }
    }

    private static let migrations = [
        Migration(
            number: 1,
            name: "foundation",
            sql: PackageResources.migration_0001_foundation_sql
        ),
        Migration(
            number: 4,
            name: "conversations",
            sql: PackageResources.migration_0004_conversations_sql
        ),
        Migration(number: 5, name: "finding", sql: PackageResources.migration_0005_finding_sql),
        Migration(number: 6, name: "people", sql: PackageResources.migration_0006_people_sql),
        Migration(
            number: 7,
            name: "notifications",
            sql: PackageResources.migration_0007_notifications_sql
        ),
        Migration(
            number: 8,
            name: "consumers",
            sql: PackageResources.migration_0008_consumers_sql
        ),
        Migration(number: 9, name: "jobs", sql: PackageResources.migration_0009_jobs_sql),
        Migration(number: 10, name: "engines", sql: PackageResources.migration_0010_engines_sql),
        Migration(
            number: 11,
            name: "log_horizon",
            sql: PackageResources.migration_0011_log_horizon_sql
        ),
        Migration(number: 12, name: "traces", sql: PackageResources.migration_0012_traces_sql),
        Migration(number: 13, name: "search", sql: PackageResources.migration_0013_search_sql),
    ]

    private let pool: PostgresPool
    private let shards: Int

    /// Creates a migrator; `shards` is what a new database is made for, 1 to 4,096.
    package init(pool: PostgresPool, shards: Int = 64) { (self.pool, self.shards) = (pool, shards) }

    /// Applies what is missing.
    ///
    /// - Returns: the names of the migrations applied, none when the schema was current.
    /// - Throws: ``StoreError`` when the database was made for another number of shards or by a
    ///   newer program.
    package func migrate() async throws -> [String] {
        try await pool.transaction { session in
            try await session.executeScript(
                """
                SET LOCAL lock_timeout = 0;
                SELECT pg_advisory_xact_lock(1347768898);
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number integer PRIMARY KEY,
                    name text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                ALTER TABLE schema_migrations
                    ADD COLUMN IF NOT EXISTS breaking boolean NOT NULL DEFAULT true;
                """
            )
            let applied = try await Self.applied(by: { try await session.execute($0, $1) })
            let missing = try Self.missing(given: applied)
            for migration in missing {
                try await session.executeScript(String(decoding: migration.sql, as: UTF8.self))
                _ = try await session.execute(
                    PostgresStatement(
                        sql: """
                            INSERT INTO schema_migrations (number, name, breaking)
                            VALUES ($1, $2, $3)
                            """
                    ),
                    [
                        .int4(migration.number), .text(migration.name),
                        .bool(migration.isBreaking),
                    ]
                )
            }
            if applied.isEmpty { try await makeShards(session) }
            let count = try await session.execute(
                PostgresStatement(sql: "SELECT count(*) FROM shards")
            )
            try check(Int(count.first?.int8(0) ?? 0))
            return missing.map(\.name)
        }
    }

    /// The names of the migrations that are missing.
    ///
    /// - Throws: ``StoreError`` when the database was made by a newer program.
    package func pending() async throws -> [String] {
        let exists = try await pool.execute(
            PostgresStatement(sql: "SELECT to_regclass('schema_migrations') IS NOT NULL")
        )
        guard try exists.first?.bool(0) ?? false else { return Self.migrations.map(\.name) }
        let applied = try await Self.applied(by: { try await pool.execute($0, $1) })
        return try Self.missing(given: applied).map(\.name)
    }

    /// Makes sure that this program can work with the schema as it is.
    ///
    /// - Throws: ``StoreError`` that says what to run, or which setting to change.
    package func validate() async throws {
        guard try await pending().isEmpty else {
            throw StoreError(
                .schemaOutdated,
                "The database schema is not up to date; run `punctual migrate` first."
            )
        }
        let count = try await pool.execute(PostgresStatement(sql: "SELECT count(*) FROM shards"))
        try check(Int(count.first?.int8(0) ?? 0))
    }

    private func makeShards(_ session: PostgresSession) async throws {
        _ = try await session.execute(
            PostgresStatement(
                sql: "INSERT INTO shards (shard) SELECT generate_series(0, $1 - 1)"
            ),
            [.int4(Int32(shards))]
        )
    }

    private func check(_ count: Int) throws {
        guard count == shards else {
            throw StoreError(
                .shardCount,
                "PUNCTUAL_SHARDS is \(shards), but this database was made for \(count) shards; "
                    + "set it to \(count)."
            )
        }
    }

    /// The numbers of the migrations that were applied, and whether each is a breaking one.
    private static func applied(
        by execute: (PostgresStatement, [PostgresValue]) async throws -> PostgresResult
    ) async throws -> [Int32: Bool] {
        let result = try await execute(
            // The column is younger than the table.
            PostgresStatement(
                sql: """
                    SELECT number, coalesce((to_jsonb(m)->>'breaking')::boolean, true)
                    FROM schema_migrations AS m
                    """
            ),
            []
        )
        return Dictionary(uniqueKeysWithValues: try result.map { (try $0.int4(0), try $0.bool(1)) })
    }

    private static func missing(given applied: [Int32: Bool]) throws -> [Migration] {
        let known = Set(migrations.map(\.number))
        let unknown = applied.filter { $0.value && !known.contains($0.key) }
        if let newest = unknown.keys.max() {
            throw StoreError(
                .schemaTooNew,
                "The database schema (\(newest)) is newer than this program; upgrade the program."
            )
        }
        return migrations.filter { applied[$0.number] == nil }
    }
}
