// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

/// Tasks as a calendar, through the API on both sides.
@Suite struct CalendarRoutesTests {
    private let server = TestServer()

    /// The fields of a task that a calendar carries.
    private static let fields = [
        "title", "description", "status", "priority", "tags", "due_date", "timezone", "misfire",
    ]
    /// Those that only an occurrence to be done carries.
    private static let seriesFields = [
        "is_recurring", "rrule", "recurrence_pattern", "dtstart", "anchor", "rollover", "dst",
        "nominal_time",
    ]

    /// What a calendar carries of all tasks of a user, in an order that ids have no part in.
    private func tasks(_ client: Client, of user: String) async throws -> [String] {
        let answer = try await client.send(.get, "/api/tasks?limit=500", headers: ["x-user": user])
        return try #require(answer.json["items"]).elements.map { task in
            let isActive = task["status"] == .string("active")
            let names = Self.fields + (isActive ? Self.seriesFields : [])
            let reminders = task["reminders"]?.elements.map { [$0["offset"], $0["at"]] } ?? []
            return names.map { "\($0)=\(String(describing: task[$0]))" }.joined(separator: "\n")
                + "\nreminders=\(reminders)"
        }.sorted()
    }

    @Test(arguments: 0..<20)
    func `an import of an export gives the same tasks back`(_ seed: Int) async throws {
        var random = TaskGenerator(seed: UInt64(seed))
        let bodies = (0..<25).map { _ in random.task() }
        let completed = (0..<25).map { _ in Int.random(in: 0..<3, using: &random) }
        try await server.test { client in
            for (body, completions) in zip(bodies, completed) {
                let added = try await client.post("/api/tasks", body)
                try #require(added.status == 201, "\(body): \(added.text)")
                var id = added.json["id"]?.integer
                for _ in 0..<completions {
                    guard let task = id else { break }
                    let done = try await client.post("/api/tasks/\(task)/complete", "{}")
                    id = done.json["next_task"]?["id"]?.integer
                }
            }
            let calendar = try await client.get("/api/tasks.ics")
            #expect(calendar.status == 200)
            let imported = try await client.send(
                .post,
                "/api/import/ics",
                calendar.text,
                headers: ["x-user": "other", "Content-Type": "text/calendar"]
            )
            #expect(imported.json["refused_count"]?.integer == 0, "seed \(seed)")
            let (before, after) = (
                try await tasks(client, of: "dev"), try await tasks(client, of: "other")
            )
            for (before, after) in zip(before, after) where before != after {
                Issue.record("seed \(seed):\n\(before)\nbecame\n\(after)")
            }
            #expect(before.count == after.count)
        }
    }

    @Test func `gives several pages as one calendar, and its tag before its bytes`() async throws {
        try await server.test { client in
            for start in [0, 1_000] {
                let tasks = (start..<start + 600).map { "{\"title\":\"task \($0)\"}" }
                _ = try await client.post(
                    "/api/tasks/batch",
                    "[\(tasks.joined(separator: ","))]"
                )
            }
            let answer = try await client.get("/api/tasks.ics")
            #expect(answer.header("Content-Type") == "text/calendar; charset=utf-8")
            #expect(answer.text.hasPrefix("BEGIN:VCALENDAR\r\n"))
            #expect(answer.text.hasSuffix("END:VTODO\r\nEND:VCALENDAR\r\n"))
            #expect(answer.text.split(separator: "BEGIN:VTODO").count == 1_201)
            let tag = try #require(answer.header("ETag"))
            let same = try await client.send(
                .get,
                "/api/tasks.ics",
                headers: ["If-None-Match": "\"x\", W/\(tag)"]
            )
            #expect(same.status == 304 && same.text.isEmpty)
            _ = try await client.post("/api/tasks", "{\"title\":\"one more\"}")
            let changed = try await client.send(
                .get,
                "/api/tasks.ics",
                headers: ["If-None-Match": tag]
            )
            #expect(changed.status == 200 && changed.header("ETag") != tag)
        }
    }
}
