// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// What a cron binding's call fires where no engine runs.
    @Suite struct SweepTests {
        private static let api = ["PUNCTUAL_ROLES": "api"]

        private struct Report: Decodable {
            var fired: Int
            var shards: Int
            var complete: Bool
        }

        /// Creates reminders that are all due soon, and waits until they are overdue.
        private static func overdue(_ count: Int, on server: RestartableServer) async throws {
            let now = Instant.now
            _ = try await server.createReminders(at: (0..<count).map { now + $0 % 100 })
            try await eventually("all are overdue") { Instant.now > now + 200 }
        }

        /// Checks that each reminder was recorded once, and that nothing is left.
        private static func expectOnce(_ count: Int, _ database: TestDatabase) async throws {
            #expect(try await database.recordedReminders() == count)
            let ids = try await database.number(
                "SELECT count(DISTINCT payload->>'reminder_id') FROM event_log "
                    + "WHERE event_type = 'reminder.due'"
            )
            #expect(ids == count, "each of them")
            #expect(try await database.number("SELECT count(*) FROM reminders") == 0)
            #expect(try await database.ownedShards() == 0, "the leases are given back")
        }

        @Test func `one call fires everything overdue where no engine runs`() async throws {
            let database = try await TestDatabase.make("sweep")
            try await RestartableServer.running(over: database.url, Self.api) { server in
                #expect(try await server.send("OPTIONS", "/reminder-check").status == 200)
                try await Self.overdue(500, on: server)
                let answer = try await server.send("POST", "/reminder-check")
                #expect(answer.status == 200)
                let report: Report = try answer.json()
                #expect(report.fired == 500)
                #expect(report.shards == 64)
                #expect(report.complete)
                try await Self.expectOnce(500, database)
                let again: Report = try await server.send("POST", "/reminder-check").json()
                #expect(again.fired == 0)
            }
        }

        @Test func `two hundred calls at once on three processes fire each reminder once`()
            async throws
        {
            let database = try await TestDatabase.make("sweeps")
            try await RestartableServer.running(over: database.url, Self.api) { first in
                try await RestartableServer.running(over: database.url, Self.api) { second in
                    try await RestartableServer.running(over: database.url, Self.api) { third in
                        try await Self.overdue(800, on: first)
                        let servers = [first, second, third]
                        let fired = try await withThrowingTaskGroup(of: Int.self) { group in
                            for call in 0..<200 {
                                group.addTask {
                                    let answer = try await servers[call % 3]
                                        .send("POST", "/reminder-check")
                                    #expect(answer.status == 200)
                                    return try answer.json(Report.self).fired
                                }
                            }
                            return try await group.reduce(0, +)
                        }
                        #expect(fired == 800)
                        try await Self.expectOnce(800, database)
                    }
                }
            }
        }

        @Test func `what a killed engine had staged is recovered and fired`() async throws {
            let database = try await TestDatabase.make("swept")
            try await RestartableServer.running(over: database.url) { engine in
                try await RestartableServer.running(over: database.url, Self.api) { server in
                    try await database.withholdingAcknowledgements {
                        try await Self.overdue(100, on: server)
                        await engine.kill()
                    }
                    try await eventually("the session of the engine is gone") {
                        let answer = try await server.send("POST", "/reminder-check")
                        #expect(answer.status == 200)
                        return try answer.json(Report.self).shards > 0
                    }
                    try await Self.expectOnce(100, database)
                }
            }
        }

        @Test func `a call beside an engine takes nothing from it`() async throws {
            let database = try await TestDatabase.make("beside")
            try await RestartableServer.running(over: database.url) { server in
                try await eventually("the engine owns all shards") {
                    try await database.ownedShards() == 64
                }
                let report: Report = try await server.send("POST", "/reminder-check").json()
                #expect(report.shards == 0)
                #expect(report.fired == 0)
                #expect(try await database.ownedShards() == 64)
            }
        }

        @Test func `the token of the sidecar is asked for, and a page of a browser refused`()
            async throws
        {
            let database = try await TestDatabase.make("token")
            let settings = Self.api.merging(["APP_API_TOKEN": "secret"]) { $1 }
            try await RestartableServer.running(over: database.url, settings) { server in
                for (token, status) in [("", 401), ("secre", 401), ("secret", 200)] {
                    let headers = token.isEmpty ? [:] : ["dapr-api-token": token]
                    for method in ["OPTIONS", "POST"] {
                        let answer = try await server.send(
                            method,
                            "/reminder-check",
                            headers: headers
                        )
                        #expect(answer.status == status, "\(method) with \(token)")
                    }
                }
            }
            try await RestartableServer.running(over: database.url, Self.api) { server in
                let answer = try await server.send(
                    "POST",
                    "/reminder-check",
                    headers: ["Origin": "https://evil.example"]
                )
                #expect(answer.status == 403)
            }
        }
    }
}
