// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// What became due while no server ran, each by its policy, and each with a row that says so.
    @Suite struct MisfireTests {
        @Test func `overdue reminders fire, coalesce or are skipped, as they say`() async throws {
            let database = try await TestDatabase.make("misfire")
            try await RestartableServer.running(over: database.url) { server in
                let soon = Instant.now + 1_500
                for policy in ["fire", "coalesce", "skip"] {
                    try await server.createTask(
                        """
                        {"title":"\(policy)","misfire":{"policy":"\(policy)","grace":"PT0S"},
                        "reminders":[{"at":"\(soon.text)"},{"at":"\((soon + 100).text)"}]}
                        """
                    )
                }
                #expect(await server.stop() == 0)
                try await eventually("all are overdue") { Instant.now > soon + 200 }
                try await server.start()
                try await eventually("all six are recorded") {
                    try await Self.events(database).count >= 6
                }
                #expect(
                    try await Self.events(database) == [
                        "coalesce 1 reminder.coalesced", "coalesce 2 reminder.due",
                        "fire 1 reminder.due", "fire 2 reminder.due",
                        "skip 1 reminder.skipped", "skip 2 reminder.skipped",
                    ]
                )
                let onTime = try await database.number(
                    """
                    SELECT count(*) FROM event_log WHERE payload ? 'remind_at'
                        AND "timestamp" < (payload->>'remind_at')::timestamptz + interval '100 ms'
                    """
                )
                #expect(onTime == 0, "the row of what fires late says when it did")
            }
        }

        @Test func `a series on schedule rolls over once, and records what it missed`()
            async throws
        {
            let database = try await TestDatabase.make("rollover")
            try await RestartableServer.running(over: database.url) { server in
                // Every second, six times, from the second after next.
                let second = Instant.now.microseconds / 1_000_000 + 2
                let start = Instant(microseconds: second * 1_000_000)
                let task = try await server.createTask(
                    """
                    {"title":"series","due_date":"\(start.text)","rollover":"on_schedule",
                    "rrule":"FREQ=SECONDLY;COUNT=6","reminders":[],
                    "misfire":{"policy":"coalesce","grace":"PT0S"}}
                    """
                )
                #expect(await server.stop() == 0)
                try await eventually("three occurrences have passed") {
                    Instant.now > start + 2_500
                }
                try await server.start()
                try await eventually("the last occurrence is there") {
                    try await database.number("SELECT max(occurrence) FROM tasks") == 6
                }
                let twice = try await database.number(
                    """
                    SELECT count(*) FROM (SELECT FROM tasks GROUP BY nominal HAVING count(*) > 1)
                        AS repeated
                    """
                )
                #expect(twice == 0, "no occurrence is created twice")
                let nominals = try await database.number(
                    """
                    SELECT count(DISTINCT nominal) FROM (
                        SELECT nominal FROM tasks UNION ALL SELECT nominal FROM series_history
                    ) AS occurrence
                    """
                )
                #expect(nominals == 6, "each occurrence is a task, or recorded as missed")
                let answer = try await server.send("GET", "/api/tasks/\(task.id)/history")
                #expect(answer.status == 200)
                #expect(answer.body.contains(#""state":"missed""#))
            }
        }

        /// What was recorded of each reminder: its task, its number, its type.
        private static func events(_ database: TestDatabase) async throws -> [String] {
            try await database.texts(
                """
                SELECT concat_ws(' ', payload->>'title',
                    rank() OVER (PARTITION BY task_id ORDER BY payload->>'remind_at'), event_type)
                FROM event_log WHERE event_type LIKE 'reminder.%'
                ORDER BY 1
                """
            )
        }
    }
}
