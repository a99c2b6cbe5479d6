// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// Requests that come at the same moment as each other, or as what they are about.
    @Suite struct RaceTests {
        @Test func `nothing fires after an answer that it did not`() async throws {
            let database = try await TestDatabase.make("withdraw")
            try await RestartableServer.running(over: database.url) { server in
                try await Follower.following(server) { follower in
                    let start = Instant.now + 500
                    let created = try await server.createReminders(
                        at: (0..<200).map { start + $0 * 10 }
                    )
                    let kept = try #require(created.last)
                    let withdrawn = try await Self.delete(created.dropLast(), on: server)
                    try await eventually("the last one fires") {
                        follower.events.contains { $0.taskId == kept.id }
                    }
                    try await eventually("all is recorded") {
                        try await database.number("SELECT count(*) FROM outbox") == 0
                    }
                    let recorded = Set(
                        try await database.texts(
                            "SELECT task_id::text FROM event_log WHERE topic = 'reminders'"
                        ).compactMap { Int64($0) }
                    )
                    let fired = recorded.union(follower.events.map(\.taskId))
                    #expect(fired.isDisjoint(with: withdrawn))
                    #expect(fired.union(withdrawn).count <= created.count)
                    #expect(!withdrawn.isEmpty, "some are deleted in time")
                }
            }
        }

        /// Deletes tasks, each from 60 ms before to 20 ms after it is due.
        ///
        /// - Returns: those of which the answer says that they did not fire.
        private static func delete(
            _ tasks: some Sequence<CreatedTask>,
            on server: RestartableServer
        ) async throws -> Set<Int64> {
            try await withThrowingTaskGroup(of: Int64?.self) { group in
                for (index, task) in tasks.enumerated() {
                    let moment = task.reminders[0].at + (index % 8 * 10 - 60)
                    group.addTask {
                        try await eventually("it is nearly due") { Instant.now > moment }
                        let answer = try await server.send("DELETE", "/api/tasks/\(task.id)")
                        #expect(answer.status == 204)
                        let mayHaveFired = try #require(answer.headers["may-have-fired"])
                        return mayHaveFired == "false" ? task.id : nil
                    }
                }
                return try await group.reduce(into: []) { ids, id in
                    if let id { ids.insert(id) }
                }
            }
        }

        @Test func `one idempotency key makes one task, however often it is sent at once`()
            async throws
        {
            let database = try await TestDatabase.make("idempotency")
            try await RestartableServer.running(over: database.url) { server in
                let key = ["Idempotency-Key": "one"]
                let answers = try await Self.together(8) {
                    try await server.send("POST", "/api/tasks", #"{"title":"t"}"#, headers: key)
                }
                #expect(answers.allSatisfy { $0.status == 201 })
                #expect(Set(answers.map(\.body)).count == 1)
                #expect(try await database.number("SELECT count(*) FROM tasks") == 1)
            }
        }

        @Test func `a task completed many times at once has one successor`() async throws {
            let database = try await TestDatabase.make("succession")
            try await RestartableServer.running(over: database.url) { server in
                let task = try await server.createTask(
                    #"{"title":"t","due_date":"2030-01-31T09:00:00Z","rrule":"FREQ=MONTHLY"}"#
                )
                let answers = try await Self.together(8) {
                    try await server.send("POST", "/api/tasks/\(task.id)/complete")
                }
                #expect(answers.allSatisfy { $0.status == 200 })
                let next = try answers.map { try $0.json(Completed.self).nextTask.id }
                #expect(Set(next).count == 1, "every answer names the same one")
                #expect(try await database.number("SELECT count(*) FROM tasks") == 2)
            }
        }

        private struct Completed: Decodable { var nextTask: CreatedTask }

        /// The answers to so many requests sent at once.
        private static func together(
            _ count: Int,
            _ request: @escaping @Sendable () async throws -> HTTPAnswer
        ) async throws -> [HTTPAnswer] {
            try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for _ in 0..<count { group.addTask { try await request() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }
}
