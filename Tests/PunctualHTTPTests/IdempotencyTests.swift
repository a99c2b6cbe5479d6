// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualHTTP
import Testing

@Suite struct IdempotencyTests {
    private let server = TestServer()
    private let key = ["Idempotency-Key": "6f0c"]

    @Test func `answers a repeat with the first answer and creates nothing`() async throws {
        try await server.test { client in
            let body = #"{"title":"a"}"#
            let first = try await client.post("/api/tasks", body, headers: key)
            let second = try await client.post("/api/tasks", body, headers: key)
            #expect(first.status == 201 && second.status == 201)
            #expect(first.text == second.text)
            #expect(first.header("idempotency-replayed") == nil)
            #expect(second.header("idempotency-replayed") == "true")
            #expect(second.header("location") == first.header("location"))
            #expect(second.header("etag") == first.header("etag"))
            let list = try await client.get("/api/tasks")
            #expect(list.json["items"]?.elements.count == 1)
        }
    }

    @Test func `refuses a key that was used for another request`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#, headers: key)
            for (path, body) in [
                ("/api/tasks", #"{"title":"b"}"#), ("/api/tasks/batch", #"[{"title":"a"}]"#),
            ] {
                let answer = try await client.post(path, body, headers: key)
                #expect(answer.status == 422)
                #expect(answer.places == ["Idempotency-Key"])
            }
        }
    }

    @Test func `keeps the keys of users apart`() async throws {
        try await server.test { client in
            for user in ["a", "b"] {
                let headers = key.merging(["X-User": user]) { $1 }
                let answer = try await client.post(
                    "/api/tasks",
                    "{\"title\":\"\(user)\"}",
                    headers: headers
                )
                #expect(answer.status == 201)
                #expect(answer.header("idempotency-replayed") == nil)
            }
        }
    }

    @Test func `remembers batches and imports`() async throws {
        try await server.test { client in
            let ics =
                "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:a\r\nEND:VTODO\r\n"
                + "END:VCALENDAR\r\n"
            for (path, body, type) in [
                ("/api/tasks/batch", #"[{"title":"a"},{}]"#, "application/json"),
                ("/api/import/ics", ics, "text/calendar"),
            ] {
                let headers = ["Idempotency-Key": path, "Content-Type": type]
                let first = try await client.post(path, body, headers: headers)
                let second = try await client.post(path, body, headers: headers)
                #expect(first.status < 300, "\(first.text)")
                #expect(first.status == second.status)
                #expect(first.text == second.text)
                #expect(second.header("idempotency-replayed") == "true")
            }
            let list = try await client.get("/api/tasks")
            #expect(list.json["items"]?.elements.count == 2)
        }
    }

    @Test func `refuses a key that is empty or too long`() async throws {
        try await server.test { client in
            for key in ["", String(repeating: "k", count: 256)] {
                let answer = try await client.post(
                    "/api/tasks",
                    #"{"title":"a"}"#,
                    headers: ["Idempotency-Key": key]
                )
                #expect(answer.status == 422)
                #expect(answer.places == ["Idempotency-Key"])
            }
        }
    }

    @Test func `answers all of a race alike`() async throws {
        try await server.test { client in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await client.post("/api/tasks", #"{"title":"a"}"#, headers: key)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(answers.allSatisfy { $0.status == 201 })
        }
    }
}
