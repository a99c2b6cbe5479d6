// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualLoop
internal import PunctualPostgres
internal import PunctualTestSupport
internal import Testing

@Suite struct PostgresListenerTests {
    private let notify = PostgresStatement(sql: "SELECT pg_notify($1, $2)")

    private typealias Events = AsyncStream<PostgresListenerEvent>.Iterator

    private func expectNext(
        _ events: inout Events,
        _ expected: PostgresListenerEvent?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let event = await events.next(isolation: #isolation)
        #expect(event == expected, sourceLocation: sourceLocation)
    }

    private func withListener(
        _ body: (PostgresPool, inout Events) async throws -> Void
    ) async throws {
        let database = try await TestDatabase.make("listener")
        try await database.withPool { pool in
            let loop = try LoopExecutor(name: "test-listener")
            let listener = PostgresListener(
                configuration: PostgresPoolConfiguration(
                    url: database.url,
                    applicationName: "listener"
                ),
                channels: ["hints", "Quoted \"name\""],
                loop: loop,
                logger: Logger(label: "test")
            )
            await listener.start()
            var events = listener.events.makeAsyncIterator()
            await expectNext(&events, .reconnected)
            try await body(pool, &events)
            await listener.close()
            await expectNext(&events, nil)
            await loop.shutdown()
        }
    }

    @Test func `reports what is notified, in order`() async throws {
        try await withListener { pool, events in
            _ = try await pool.execute(notify, [.text("hints"), .text("one")])
            _ = try await pool.execute(notify, [.text("Quoted \"name\""), .text("")])
            _ = try await pool.execute(notify, [.text("other"), .text("unheard")])
            _ = try await pool.execute(notify, [.text("hints"), .text("two")])
            await expectNext(&events, .notification(channel: "hints", payload: "one"))
            await expectNext(&events, .notification(channel: "Quoted \"name\"", payload: ""))
            await expectNext(&events, .notification(channel: "hints", payload: "two"))
        }
    }

    @Test func `listens again after its connection broke, and says so`() async throws {
        try await withListener { pool, events in
            _ = try await pool.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'listener' AND datname = current_database()
                """
            )
            await expectNext(&events, .reconnected)
            _ = try await pool.execute(notify, [.text("hints"), .text("again")])
            await expectNext(&events, .notification(channel: "hints", payload: "again"))
        }
    }
}
