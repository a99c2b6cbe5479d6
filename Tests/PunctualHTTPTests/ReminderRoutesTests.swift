// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct ReminderRoutesTests {
    private let server = TestServer()

    @Test func `adds, lists and removes reminders`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2026-03-01T09:00:00Z","reminders":[]}"#
            )
            let before = try await client.post(
                "/api/tasks/1/reminders",
                #"{"offset":"-PT30M"}"#
            )
            #expect(before.status == 201)
            #expect(before.json["at"]?.text == "2026-03-01T08:30:00Z")
            #expect(before.json["state"]?.text == "scheduled")
            let path = try #require(before.header("location"))
            let at = try await client.post(
                "/api/tasks/1/reminders",
                #"{"at":"2026-02-01T00:00:00Z"}"#
            )
            #expect(at.status == 201)
            #expect(at.json["offset"] == .null)
            let list = try await client.get("/api/tasks/1/reminders")
            #expect(list.json["items"]?.elements.count == 2)
            let removed = try await client.send(.delete, path)
            #expect(removed.status == 204)
            #expect(removed.header("may-have-fired") == "false")
            #expect(try await client.send(.delete, path).status == 404)
        }
    }

    @Test func `says what has become of each`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2026-01-01T12:00:00Z"}"#
            )
            server.store.stageAll()
            let list = try await client.get("/api/tasks/1/reminders")
            let states = list.json["items"]?.elements.compactMap { $0["state"]?.text }
            #expect(states == ["skipped", "staged"])
        }
    }

    @Test func `points into the body of a reminder`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#)
            for (body, pointer) in [
                ("{}", ""), (#"{"offset":"x"}"#, "/offset"), (#"{"offset":"-PT1H"}"#, "/offset"),
                (#"{"at":1}"#, "/at"), (#"{"in":"PT1H"}"#, "/in"),
            ] {
                let answer = try await client.post("/api/tasks/1/reminders", body)
                #expect(answer.status == 422)
                #expect(answer.places.first == pointer, "\(answer.text)")
            }
        }
    }
}
