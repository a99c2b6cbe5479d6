// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct NotificationRoutesTests {
    private let server = TestServer()

    private func tasks(_ answer: Answer) -> [Int64?] {
        answer.json["items"]?.elements.map { $0["task_id"]?.integer } ?? []
    }

    @Test func `shows what fired, newest first, page by page`() async throws {
        for number in 1...3 { server.notices.fire(Int64(number)) }
        server.notices.fire(4, user: "ben")
        try await server.test { client in
            let first = try await client.get("/api/notifications?limit=2")
            #expect(tasks(first) == [3, 2])
            #expect(first.json["unread_count"]?.integer == 3)
            let item = try #require(first.json["items"]?.elements.first)
            #expect(item["event"]?["title"]?.text == "task 3")
            #expect(item["read_at"] == .null && item["fired_at"]?.text != nil)
            let cursor = try #require(first.json["next_cursor"]?.text)
            let second = try await client.get("/api/notifications?limit=2&cursor=\(cursor)")
            #expect(tasks(second) == [1])
            #expect(second.json["next_cursor"] == .null)
        }
    }

    @Test func `what is read is unread no more, and only its user can read it`() async throws {
        let id = server.notices.fire(1)
        for number in 2...3 { server.notices.fire(Int64(number)) }
        try await server.test { client in
            let path = "/api/notifications/\(id)/read"
            let stranger = try await client.send(.post, path, headers: ["x-user": "ben"])
            #expect(stranger.status == 404)
            #expect(try await client.send(.post, path).status == 204)
            let unread = try await client.get("/api/notifications?unread=true")
            #expect(tasks(unread) == [3, 2])
            #expect(unread.json["unread_count"]?.integer == 2)
            #expect(try await client.send(.post, "/api/notifications/read").status == 204)
            let rest = try await client.get("/api/notifications?unread=true")
            #expect(tasks(rest).isEmpty)
            #expect(try await client.get("/api/notifications").json["unread_count"]?.integer == 0)
        }
    }

    @Test(arguments: [
        ("/api/notifications?unread=perhaps", "unread"), ("/api/notifications?limit=0", "limit"),
        ("/api/notifications?cursor=x", "/cursor"), ("/api/notifications?page=2", "page"),
        ("/api/dead-letters?limit=501", "limit"), ("/api/dead-letters?cursor=x", "/cursor"),
    ])
    func `says which parameter is wrong`(path: String, place: String) async throws {
        try await server.test { client in
            let answer = try await client.get(path)
            #expect(answer.status == 422)
            #expect(answer.places == [place])
        }
    }

    @Test func `a dead letter says why, and is delivered again when asked`() async throws {
        for number in 1...3 { server.notices.bury(Int64(number)) }
        try await server.test { client in
            let first = try await client.get("/api/dead-letters?limit=2").json
            #expect(first["items"]?.elements.map { $0["id"]?.integer } == [3, 2])
            let letter = try #require(first["items"]?.elements.first)
            #expect(letter["last_error"]?.text == "550 no" && letter["attempts"]?.integer == 2)
            #expect(letter["payload"]?["title"]?.text == "task 3")
            #expect(first["next_cursor"]?.text == "2")
            let path = "/api/dead-letters/3/redrive"
            let stranger = try await client.send(.post, path, headers: ["x-user": "ben"])
            #expect(stranger.status == 404)
            #expect(server.notices.wakes == 0)
            #expect(try await client.send(.post, path).status == 204)
            #expect(server.notices.wakes == 1)
            #expect(try await client.send(.post, path).status == 404)
        }
    }
}
