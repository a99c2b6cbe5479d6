// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// Dapr's jobs across a stop; what an application sees of them is in `Tests/ForeignClients`.
    @Suite struct JobsTests {
        @Test func `a job whose engine is gone is fired by a sweep, once, and goes on after it`()
            async throws
        {
            let database = try await TestDatabase.make("jobs")
            try await RestartableServer.running(over: database.url, ["PUNCTUAL_ROLES": "api"]) {
                server in
                for (name, body) in [
                    ("once", #"{"dueTime":"100ms","data":{"n":1}}"#),
                    ("often", #"{"schedule":"@every 1h","dueTime":"100ms"}"#),
                    ("later", #"{"dueTime":"1h"}"#),
                ] {
                    let answer = try await server.send("POST", "/v1.0/jobs/\(name)", body)
                    #expect(answer.status == 204, "\(answer)")
                }
                let created = Instant.now
                try await eventually("two are overdue") { Instant.now > created + 150 }
                #expect(try await server.send("POST", "/job/sweep").status == 200)
                #expect(try await server.send("POST", "/api/jobs/trigger").status == 200)
                let fired = try await database.texts(
                    "SELECT payload->>'job' FROM event_log WHERE event_type = 'job.due' ORDER BY 1"
                )
                #expect(fired == ["often", "once"])
                #expect(try await server.send("GET", "/v1.0/jobs/once").status == 404)
                #expect(try await server.send("GET", "/v1.0/jobs/often").status == 200)
                #expect(try await database.number("SELECT count(*) FROM reminders") == 2)
                #expect(try await database.number("SELECT count(*) FROM outbox") == 0)
            }
        }

        @Test func `after a long stop only the last of the missed times comes`() async throws {
            let database = try await TestDatabase.make("missed")
            try await RestartableServer.running(over: database.url, ["PUNCTUAL_ROLES": "api"]) {
                server in
                let start = Instant.now + -7_200_000
                let answer = try await server.send(
                    "POST",
                    "/v1.0/jobs/missed",
                    #"{"schedule":"@every 10m","dueTime":"\#(start.text)"}"#
                )
                #expect(answer.status == 204)
                #expect(try await server.send("POST", "/reminder-check").status == 200)
                #expect(try await database.recordedReminders() == 2, "the first, and the last")
            }
        }
    }
}
