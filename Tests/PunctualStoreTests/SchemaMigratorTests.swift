// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import Testing

@Suite struct SchemaMigratorTests {
    @Test func `migrates an empty database once`() async throws {
        try await TestDatabase.make("migrate").withStorePool { pool in
            let migrator = SchemaMigrator(pool: pool)
            let pending = try await migrator.pending()
            #expect(!pending.isEmpty)
            await #expect { try await migrator.validate() } throws: {
                ($0 as? StoreError)?.code == .schemaOutdated
            }
            #expect(try await migrator.migrate() == pending)
            #expect(try await migrator.migrate().isEmpty)
            try await migrator.validate()
        }
    }

    @Test func `two that migrate at once do it once`() async throws {
        try await TestDatabase.make("migrate").withStorePool { pool in
            async let one = SchemaMigrator(pool: pool, shards: 16).migrate()
            async let other = SchemaMigrator(pool: pool, shards: 16).migrate()
            let applied = try await [one, other]
            #expect(applied.filter(\.isEmpty).count == 1)
            let shards = try await pool.execute(PostgresStatement(sql: "SELECT * FROM shards"))
            #expect(shards.rowCount == 16)
        }
    }

    @Test func `refuses another number of shards`() async throws {
        try await StoreFixture.with("migrate") { store in
            let migrator = SchemaMigrator(pool: store.pool, shards: 32)
            for attempt in [{ _ = try await migrator.migrate() }, migrator.validate] {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                #expect(error?.code == .shardCount)
                #expect(error?.message.contains("64") == true)
            }
        }
    }

    @Test func `refuses a schema that a newer program made`() async throws {
        try await StoreFixture.with("migrate") { store in
            _ = try await store.pool.execute(
                PostgresStatement(
                    sql: "INSERT INTO schema_migrations (number, name) VALUES (999, 'later')"
                )
            )
            let migrator = SchemaMigrator(pool: store.pool)
            for attempt in [{ _ = try await migrator.migrate() }, migrator.validate] {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                #expect(error?.code == .schemaTooNew)
            }
        }
    }

    @Test func `works beside a newer program whose migrations break nothing`() async throws {
        try await StoreFixture.with("migrate") { store in
            _ = try await store.pool.execute(
                PostgresStatement(
                    sql: """
                        INSERT INTO schema_migrations (number, name, breaking)
                        VALUES (999, 'later', false)
                        """
                )
            )
            let migrator = SchemaMigrator(pool: store.pool)
            try await migrator.validate()
            #expect(try await migrator.migrate().isEmpty)
        }
    }

    @Test func `reads what was migrated before it was noted which migrations break`() async throws {
        try await StoreFixture.with("migrate") { store in
            _ = try await store.pool.execute(
                PostgresStatement(sql: "ALTER TABLE schema_migrations DROP COLUMN breaking")
            )
            let migrator = SchemaMigrator(pool: store.pool)
            try await migrator.validate()
            #expect(try await migrator.migrate().isEmpty)
        }
    }

    @Test func `every key and unique index leads with the shard`() async throws {
        try await StoreFixture.with("migrate") { store in
            let result = try await store.pool.execute(
                PostgresStatement(
                    sql: """
                        SELECT c.relname::text, a.attname::text
                        FROM pg_index AS i
                        JOIN pg_class AS c ON c.oid = i.indrelid
                        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
                        """
                )
            )
            // What is not of a user is not distributed.
            let local: Set = ["schema_migrations", "settings", "log_positions", "engines"]
            let leading = try result.map { (try $0.text(0), try $0.text(1)) }
            #expect(leading.filter { !local.contains($0.0) && $0.1 != "shard" }.map(\.0) == [])
        }
    }

    @Test func `every statement names the shard, but for those about what is nobody's`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/PunctualStore/SQL")
        // Engines, readers of the log, notifications, numbers, partitions; and how much there is in all.
        let others: Set = [
            "announce", "delivery_depths", "engine_number", "hint", "ids_reserve", "log_position",
            "log_save_position", "maintain",
        ]
        let files = try FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "sql" && !$0.lastPathComponent.hasPrefix("migration_") }
        #expect(files.count > 60)
        let nameless = try files.filter { file in
            let statement = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                .filter { !$0.hasPrefix("--") }.joined(separator: "\n")
            return !statement.contains(/\bshard\b/.wordBoundaryKind(.simple))
        }
        #expect(Set(nameless.map { $0.deletingPathExtension().lastPathComponent }) == others)
    }

    @Test func `keeps five weeks of event_log ahead and drops what is past the retention`()
        async throws
    {
        try await StoreFixture.with("maintain") { store in
            let count = """
                SELECT count(*) FROM pg_inherits WHERE inhparent = 'event_log'::regclass
                """
            let before = try await store.integer(count)
            #expect(before >= 7)
            _ = try await store.pool.execute(
                PostgresStatement(
                    sql: """
                        CREATE TABLE event_log_2020w03 PARTITION OF event_log
                        FOR VALUES FROM (event_id_floor('2020-01-13Z'))
                        TO (event_id_floor('2020-01-20Z'))
                        """
                )
            )
            #expect(try await store.integer(count) == before + 1)
            let events = PostgresEventStore(pool: store.pool)
            try await events.maintain(retention: .seconds(3_600 * 24 * 36_500))
            #expect(try await store.integer(count) == before + 1)
            try await events.maintain(retention: .seconds(3_600 * 24 * 90))
            #expect(try await store.integer(count) == before)
        }
    }
}
