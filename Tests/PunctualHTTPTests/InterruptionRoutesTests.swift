// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct InterruptionRoutesTests {
    private let server = TestServer()
    private let weekly = #"{"title":"a","due_date":"2026-03-06T09:00:00Z","rrule":"FREQ=WEEKLY"}"#

    @Test func `snoozes a reminder`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", weekly)
            let list = try await client.get("/api/tasks/1/reminders")
            let id = try #require(list.json["items"]?.elements.first?["id"]?.integer)
            let path = "/api/tasks/1/reminders/\(id)/snooze"
            let answer = try await client.post(path, #"{"until":"2026-02-01T00:00:00Z"}"#)
            #expect(answer.status == 201)
            #expect(answer.json["at"]?.text == "2026-02-01T00:00:00Z")
            #expect(answer.json["snooze_of"]?.integer == id)
            for (body, pointer) in [
                ("{}", ""), (#"{"for":"x"}"#, "/for"), (#"{"for":"-PT1M"}"#, "/for"),
                (#"{"until":"2026-01-01"}"#, "/until"), (#"{"at":1}"#, "/at"),
            ] {
                let refused = try await client.post(path, body)
                #expect(refused.status == 422)
                #expect(refused.json["errors"]?.elements.first?["pointer"]?.text == pointer)
            }
            #expect(try await client.post("/api/tasks/1/reminders/99/snooze", "{}").status == 422)
        }
    }

    @Test func `skips the next occurrence and takes it back`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", weekly)
            let skipped = try await client.post("/api/tasks/1/skip-next", "")
            #expect(skipped.json["next_due_date"]?.text == "2026-03-20T09:00:00Z")
            let undone = try await client.send(.delete, "/api/tasks/1/skip-next")
            #expect(undone.json["next_due_date"]?.text == "2026-03-13T09:00:00Z")
            #expect(try await client.send(.delete, "/api/tasks/1/skip-next").status == 409)
        }
    }

    @Test func `pauses and resumes, one or all that match`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", weekly)
            _ = try await client.post("/api/tasks", #"{"title":"b","priority":"high"}"#)
            #expect(try await client.post("/api/tasks/1/pause", "").json["paused"] == .bool(true))
            let all = try await client.post("/api/tasks/pause?priority=high", "")
            #expect(all.json["changed"]?.integer == 1)
            let paused = try await client.get("/api/tasks?paused=true")
            #expect(paused.json["items"]?.elements.count == 2)
            #expect(try await client.post("/api/tasks/resume", "").json["changed"]?.integer == 2)
            #expect(try await client.post("/api/tasks/pause?x=1", "").status == 422)
        }
    }

    @Test func `searches, and says what is missing`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"Pay the rent"}"#)
            let found = try await client.get("/api/tasks/search?q=RENT+pay")
            #expect(found.json["items"]?.elements.count == 1)
            #expect(try await client.get("/api/tasks?q=nothing").json["items"]?.elements == [])
            #expect(try await client.get("/api/tasks/search").status == 422)
            let many = String(repeating: "a+", count: 9)
            #expect(try await client.get("/api/tasks/search?q=\(many)").status == 422)
        }
    }

    @Test func `adds, changes and removes tags`() async throws {
        try await server.test { client in
            let home = try await client.post("/api/tags", ##"{"name":"home","color":"#2563EB"}"##)
            #expect(home.status == 201)
            #expect(home.json["color"]?.text == "#2563eb")
            #expect(try await client.post("/api/tags", #"{"name":"home"}"#).status == 409)
            for body in [#"{}"#, #"{"name":""}"#, #"{"name":"x","color":"red"}"#, #"{"nome":"x"}"#]
            {
                #expect(try await client.post("/api/tags", body).status == 422)
            }
            let path = try #require(home.header("location"))
            let changed = try await client.send(.patch, path, #"{"name":"house","color":null}"#)
            #expect(changed.json["name"]?.text == "house")
            #expect(changed.json["color"] == .null)
            #expect(try await client.get("/api/tags").json["items"]?.elements.count == 1)
            #expect(try await client.send(.delete, path).status == 204)
            #expect(try await client.send(.delete, path).status == 404)
        }
    }
}
