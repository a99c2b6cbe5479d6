// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualHTTP
import Testing

@Suite struct ImportRoutesTests {
    private let server = TestServer()
    private let headers = ["Content-Type": "text/calendar; charset=utf-8"]

    private func calendar(_ lines: String...) -> String {
        (["BEGIN:VCALENDAR", "VERSION:2.0"] + lines + ["END:VCALENDAR", ""])
            .joined(separator: "\r\n")
    }

    @Test func `a series of events goes on from its next occurrence`() async throws {
        let text = calendar(
            "BEGIN:VEVENT",
            "UID:weekly",
            "SUMMARY:Stand-up",
            "DTSTART;TZID=Europe/Lisbon:20200106T091500",
            "RRULE:FREQ=WEEKLY",
            "END:VEVENT"
        )
        try await server.test { client in
            let answer = try await client.post("/api/import/ics", text, headers: headers)
            let id = try #require(answer.json["imported"]?.elements.first?["id"]?.integer)
            let task = try await client.get("/api/tasks/\(id)").json
            #expect(task["rollover"]?.text == "on_schedule")
            #expect(task["dtstart"]?.text == "2020-01-06T09:15:00")
            let due = try #require(task["due_date"]?.text)
            let created = try #require(task["created_at"]?.text)
            #expect(due > created)
        }
    }

    @Test func `imports entries with their alarms and rules`() async throws {
        let text = calendar(
            "BEGIN:VTODO",
            "UID:one",
            "SUMMARY:Pay the rent",
            "PRIORITY:1",
            "DTSTART;TZID=Europe/Lisbon:20260131T090000",
            "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:-PT15M",
            "END:VALARM",
            "END:VTODO",
            "BEGIN:VEVENT",
            "UID:two",
            "SUMMARY:Party",
            "DTSTART;VALUE=DATE:20260501",
            "GEO:1.0;2.0",
            "END:VEVENT"
        )
        try await server.test { client in
            let answer = try await client.post(
                "/api/import/ics?timezone=Europe/Lisbon",
                text,
                headers: headers
            )
            #expect(answer.status == 201, "\(answer.text)")
            #expect(answer.json["imported_count"]?.integer == 2)
            #expect(answer.json["refused_count"]?.integer == 0)
            let imported = try #require(answer.json["imported"]?.elements)
            #expect(imported.map { $0["uid"]?.text } == ["one", "two"])
            #expect(imported[0]["is_recurring"] == .bool(true))
            #expect(imported[1]["due"]?.text == "2026-04-30T23:00:00Z")
            #expect(
                answer.json["notices"]?.elements.contains { notice in
                    notice["property"]?.text == "VEVENT.GEO"
                } == true
            )
            let id = try #require(imported[0]["id"]?.integer)
            let task = try await client.get("/api/tasks/\(id)")
            #expect(task.json["priority"]?.text == "urgent")
            #expect(task.json["timezone"]?.text == "Europe/Lisbon")
            #expect(task.json["reminders"]?.elements.count == 1)
        }
    }

    @Test func `cuts what is too long for a task and says so`() async throws {
        let long = String(repeating: "x", count: 600)
        let text = calendar(
            "BEGIN:VTODO",
            "UID:one",
            "SUMMARY:" + long,
            "DUE:20260301T090000Z",
            "END:VTODO"
        )
        try await server.test { client in
            let answer = try await client.post("/api/import/ics", text, headers: headers)
            #expect(answer.json["imported_count"]?.integer == 1)
            let properties = answer.json["notices"]?.elements.compactMap { $0["property"]?.text }
            #expect(properties?.contains("SUMMARY") == true)
        }
    }

    @Test func `refuses what is no calendar, or in no zone`() async throws {
        try await server.test { client in
            #expect(
                try await client.post("/api/import/ics", "hello", headers: headers).status == 422
            )
            let zone = try await client.post(
                "/api/import/ics?timezone=Mars",
                calendar(),
                headers: headers
            )
            #expect(zone.status == 422)
            #expect(zone.places == ["timezone"])
            #expect(try await client.post("/api/import/ics", "{}").status == 415)
        }
    }
}
