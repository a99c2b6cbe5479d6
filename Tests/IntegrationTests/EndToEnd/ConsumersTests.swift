// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// The consumers in processes of their own, over PostgreSQL alone.
    @Suite struct ConsumersTests {
        private static let rolesKey = "PUNCTUAL_ROLES"

        @Test(arguments: ["recurring", "notify", "audit", "realtime"])
        func `each consumer runs alone`(role: String) async throws {
            let database = try await TestDatabase.make("alone")
            try await RestartableServer.running(over: database.url, [Self.rolesKey: role]) {
                server in
                #expect(await server.isAlive())
                try await eventually("it is ready") { await server.isReady() }
                #expect(try await server.send("GET", "/metrics").status == 200)
                #expect(try await server.send("GET", "/api/tasks").status == 404)
                #expect(await server.stop() == 0)
            }
        }

        @Test func `a recurring consumer that is killed makes each next occurrence once`()
            async throws
        {
            let database = try await TestDatabase.make("recurring")
            let api = [Self.rolesKey: "api,engine"]
            try await RestartableServer.running(over: database.url, api) { api in
                let task = #"{"title":"t","due_date":"2030-01-01T09:00:00Z","rrule":"FREQ=DAILY"}"#
                let tasks = Array(repeating: task, count: 1_000).joined(separator: ",")
                _ = try await api.persist("POST", "/api/tasks/batch", "[\(tasks)]")
            }
            let alone = [Self.rolesKey: "recurring"]
            try await RestartableServer.running(over: database.url, alone) { server in
                try await eventually("it has begun") {
                    try await database.number("SELECT count(*) FROM log_positions") == 1
                }
                // Who completes a task in the table leaves the next occurrence to the consumer.
                let completed = try await database.completeInTable()
                #expect(completed == 1_000)
                for _ in 0..<3 {
                    let made = try await database.successors()
                    try await eventually("some more are made") {
                        try await database.successors() > made
                    }
                    await server.kill()
                    try await server.start()
                }
                // The same events again, under the same ids and under others.
                try await database.announceCompletions()
                try await eventually("all are made", within: .seconds(60)) {
                    try await database.successors() >= 1_000
                }
                let twice = try await database.number(
                    """
                    SELECT count(*) FROM (SELECT FROM tasks WHERE predecessor_id IS NOT NULL
                    GROUP BY predecessor_id HAVING count(*) > 1) AS twice
                    """
                )
                #expect(twice == 0)
                #expect(try await database.successors() == 1_000)
            }
        }

        @Test func `a client of the process that owns no shards receives everything, once`()
            async throws
        {
            let database = try await TestDatabase.make("second")
            try await RestartableServer.running(over: database.url) { owner in
                try await eventually("it owns all shards") {
                    try await database.ownedShards() == 64
                }
                try await RestartableServer.running(over: database.url) { second in
                    try await Follower.following(second) { follower in
                        let now = Instant.now
                        let created = try await owner.createReminders(
                            at: (1...40).map { now + $0 * 50 }
                        )
                        try await expectEachOnce(created, follower, database)
                        #expect(follower.events.count == 40, "each is received once")
                    }
                    // The other way round: a change that the second process releases.
                    try await Follower.following(owner, topics: "task-updates") { follower in
                        let task = try await second.createTask(#"{"title":"elsewhere"}"#)
                        try await eventually("the owner's client hears of it") {
                            follower.events.contains { $0.taskId == task.id }
                        }
                    }
                }
            }
        }
    }
}

extension TestDatabase {
    /// Completes all tasks as somebody does who writes to the tables, and says so in `event_log`.
    ///
    /// - Returns: how many.
    fileprivate func completeInTable() async throws -> Int {
        let completed = try await texts(
            """
            UPDATE tasks SET status = 'completed', completed_at = now(), version = version + 1
            RETURNING id::text
            """
        )
        try await announceCompletions()
        return completed.count
    }

    /// Puts a `completed` event into `event_log` for each task that is.
    fileprivate func announceCompletions() async throws {
        _ = try await texts(
            """
            INSERT INTO event_log
                (shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp")
            SELECT shard, gen_random_uuid(), 'completed', 'task-events', id, user_id, '{}', now()
            FROM tasks WHERE status = 'completed' RETURNING 'done'
            """
        )
    }

    /// How many next occurrences there are.
    fileprivate func successors() async throws -> Int64 {
        try await number("SELECT count(*) FROM tasks WHERE predecessor_id IS NOT NULL")
    }
}
