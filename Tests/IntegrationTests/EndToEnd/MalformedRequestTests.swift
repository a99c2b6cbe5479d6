// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// What is wrong is refused with the place where it stands, and hurts nobody else.
    @Suite struct MalformedRequestTests {
        private struct Problem: Decodable {
            struct Place: Decodable {
                var pointer: String?
                var parameter: String?
                var header: String?
            }
            var status: Int
            var title: String
            var detail: String
            var errors: [Place]?
        }

        /// Bodies of a task, and the pointer to what is wrong with each.
        private static let tasks: [(body: String, pointer: String)] = [
            ("", ""), ("{", ""), ("[]", ""), ("null", ""), (#"{"title":"t"}}"#, ""),
            (String(repeating: "[", count: 100_000), ""),
            ("{}", "/title"), (#"{"title":7}"#, "/title"), (#"{"title":"  "}"#, "/title"),
            (#"{"title":"\#(String(repeating: "x", count: 501))"}"#, "/title"),
            (#"{"title":"t\u0000"}"#, "/title"),
            (#"{"title":"t","colour":"red"}"#, "/colour"),
            (#"{"title":"t","priority":"extreme"}"#, "/priority"),
            (#"{"title":"t","tags":["a",""]}"#, "/tags/1"),
            (#"{"title":"t","due_date":"tomorrow"}"#, "/due_date"),
            (#"{"title":"t","due_date":"2026-02-30T09:00:00Z"}"#, "/due_date"),
            (#"{"title":"t","due_date":"2026-02-03T09:00:00"}"#, "/due_date"),
            (
                #"{"title":"t","due_date":"2026-02-03T09:00:00","timezone":"Mars/Base"}"#,
                "/timezone"
            ),
            (#"{"title":"t","reminders":[{"at":"25:00"}]}"#, "/reminders/0/at"),
            (#"{"title":"t","reminders":[{"offset":"1 hour"}]}"#, "/reminders/0/offset"),
            (#"{"title":"t","reminders":[{"offset":"-PT1H"}]}"#, "/reminders/0/offset"),
            (#"{"title":"t","reminders":[{}]}"#, "/reminders/0"),
            (#"{"title":"t","misfire":"panic"}"#, "/misfire"),
            (#"{"title":"t","misfire":{"policy":"skip","grace":"P900D"}}"#, "/misfire/grace"),
            (#"{"title":"t","rrule":"FREQ=DAILY"}"#, "/due_date"),
            (
                #"{"title":"t","due_date":"2026-02-03T09:00:00Z","rrule":"FREQ=NEVER"}"#,
                "/rrule"
            ),
            (
                #"{"title":"t","due_date":"2026-02-03T09:00:00Z","rrule":"FREQ=DAILY;INTERVAL=0"}"#,
                "/rrule"
            ),
            (
                """
                {"title":"t","due_date":"2026-02-03T09:00:00Z",
                "recurrence_pattern":{"frequency":"daily","interval":99999999999999999999}}
                """, "/recurrence_pattern/interval"
            ),
            (
                """
                {"title":"t","due_date":"2026-02-03T09:00:00Z",
                "recurrence_pattern":{"frequency":"daily","every":2}}
                """, "/recurrence_pattern/every"
            ),
        ]

        /// Targets of a GET, and the parameter that is wrong in each.
        private static let queries = [
            ("/api/tasks?limit=0", "limit"), ("/api/tasks?limit=many", "limit"),
            ("/api/tasks?status=undone", "status"), ("/api/tasks?due_before=soon", "due_before"),
            ("/api/tasks?sort=colour", "sort"), ("/api/tasks?what=ever", "what"),
            ("/api/tasks?tags=%FF", "tags"), ("/api/updates?topics=secrets", "topics"),
            ("/api/updates?cursor=1", "cursor"),
        ]

        @Test func `every malformed request is told what is wrong with it`() async throws {
            let database = try await TestDatabase.make("malformed")
            try await RestartableServer.running(over: database.url) { server in
                for (body, pointer) in Self.tasks {
                    let answer = try await server.send("POST", "/api/tasks", body)
                    let problem = try Self.problem(answer, of: body)
                    let pointers = problem.errors?.map { $0.pointer ?? "?" } ?? [""]
                    #expect(pointers.contains(pointer), "\(body.prefix(120)): \(answer.body)")
                }
                for (target, parameter) in Self.queries {
                    let answer = try await server.send("GET", target)
                    let problem = try Self.problem(answer, of: target)
                    #expect(problem.errors?.map(\.parameter) == [parameter], "\(target)")
                }
                try await Self.expectStatuses(server)
                // Nothing of it was kept, and the server does its work as before.
                #expect(try await database.number("SELECT count(*) FROM tasks") == 0)
                try await Follower.following(server) { follower in
                    let created = try await server.createReminders(at: [.now + 100])
                    try await expectEachOnce(created, follower, database)
                }
            }
        }

        /// Requests that are wrong as a whole.
        private static func expectStatuses(_ server: RestartableServer) async throws {
            let key = ["Idempotency-Key": String(repeating: "k", count: 300)]
            let task = #"{"title":"t"}"#
            let requests = [
                (404, try await server.send("GET", "/api/nothing")),
                (404, try await server.send("GET", "/api/tasks/99")),
                (404, try await server.send("GET", "/api/tasks/99999999999999999999")),
                (405, try await server.send("PUT", "/api/tasks")),
                (422, try await server.send("POST", "/api/tasks", task, headers: key)),
                (422, try await server.send("POST", "/api/tasks/batch", task)),
                (422, try await server.send("POST", "/api/recurrence/preview", "{}")),
            ]
            for (status, answer) in requests {
                #expect(try problem(answer, of: "\(status)").status == status)
            }
        }

        /// The problem document that an answer must be.
        private static func problem(_ answer: HTTPAnswer, of request: String) throws -> Problem {
            #expect((400..<500).contains(answer.status), "\(request.prefix(120))")
            #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true)
            let problem: Problem = try answer.json()
            #expect(problem.status == answer.status)
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
            return problem
        }
    }
}
