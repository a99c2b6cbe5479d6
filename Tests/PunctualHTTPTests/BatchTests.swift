// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualHTTP
import Testing

@Suite struct BatchTests {
    private let server = TestServer()

    @Test func `creates a thousand tasks in the order given`() async throws {
        try await server.test { client in
            let bodies = (0..<1_000).map { "{\"title\":\"\($0)\"}" }.joined(separator: ",")
            let answer = try await client.post("/api/tasks/batch", "[\(bodies)]")
            #expect(answer.status == 201)
            let titles = answer.json.elements.map { $0["title"]?.text }
            #expect(titles == (0..<1_000).map { "\($0)" })
        }
    }

    @Test func `answers 207 with problems in their places`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/api/tasks/batch",
                #"[{"title":"a"},{"title":1},{"title":"c","due_date":"2026-03-01T09:00:00"}]"#
            )
            #expect(answer.status == 207)
            let elements = answer.json.elements
            #expect(elements.count == 3)
            #expect(elements.first?["id"]?.integer != nil)
            for (index, name) in [(1, "title"), (2, "due_date")] {
                #expect(elements[index]["status"]?.integer == 422)
                let error = elements[index]["errors"]?.elements.first
                #expect(error?["pointer"]?.text == "/\(index)/\(name)")
            }
        }
    }

    @Test func `refuses what is not an array of 1 to 1,000`() async throws {
        try await server.test { client in
            let many = Array(repeating: "{}", count: 1_001).joined(separator: ",")
            for body in ["{}", "[]", "[\(many)]"] {
                let answer = try await client.post("/api/tasks/batch", body)
                #expect(answer.status == 422)
            }
        }
    }
}
