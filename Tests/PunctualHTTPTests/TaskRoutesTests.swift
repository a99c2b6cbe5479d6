// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct TaskRoutesTests {
    private let server = TestServer()

    @Test func `creates a task and says where it is`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/api/tasks",
                #"{"title":"Water the plants","priority":"high","tags":["home"],"#
                    + #""due_date":"2026-03-01T09:00:00+01:00"}"#
            )
            #expect(answer.status == 201)
            #expect(answer.header("location") == "/api/tasks/1")
            #expect(answer.header("etag") == "\"1\"")
            #expect(answer.header("content-type") == "application/json")
            #expect(answer.json["title"]?.text == "Water the plants")
            #expect(answer.json["due_date"]?.text == "2026-03-01T08:00:00Z")
            #expect(answer.json["reminders"]?.elements.count == 2)
            let read = try await client.get("/api/tasks/1")
            #expect(read.status == 200)
            #expect(read.text == answer.text)
        }
    }

    @Test func `takes back what a GET answered, unchanged or edited`() async throws {
        try await server.test { client in
            for body in [
                #"{"title":"a"}"#, #"{"title":"b","reminder_time":"2026-05-05T05:05:05Z"}"#,
                #"{"title":"c","due_date":"2026-03-31T09:00:00","timezone":"Europe/Lisbon","#
                    + #""recurrence_pattern":"monthly","misfire":"skip","dst":"skip,last"}"#,
                #"{"title":"d","due_date":"2026-03-31T09:00:00Z","rrule":"FREQ=WEEKLY;BYDAY=TU"}"#,
            ] {
                let created = try await client.post("/api/tasks", body)
                #expect(created.status == 201, "\(created.text)")
                let path = try #require(created.header("location"))
                let same = try await client.send(.patch, path, created.text)
                #expect(same.status == 200, "\(same.text)")
                for name in ["due_date", "reminders", "rrule", "recurrence_pattern", "dst"] {
                    #expect(same.json[name] == created.json[name])
                }
            }
        }
    }

    @Test func `changes the fields that are named`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","description":"b","due_date":"2026-03-01T09:00:00Z"}"#
            )
            let answer = try await client.send(
                .patch,
                "/api/tasks/1",
                #"{"title":"c","description":null,"tags":["x"]}"#
            )
            #expect(answer.status == 200)
            #expect(answer.header("etag") == "\"2\"")
            #expect(answer.json["title"]?.text == "c")
            #expect(answer.json["description"] == .null)
            #expect(answer.json["due_date"]?.text == "2026-03-01T09:00:00Z")
            #expect(answer.json["may_have_fired"] == .bool(false))
        }
    }

    @Test func `changes how a task repeats, in part or whole`() async throws {
        try await server.test { client in
            let skipped = "2026-03-08T09:00:00"
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2026-03-01T09:00:00","timezone":"Europe/Lisbon","#
                    + #""rrule":"FREQ=WEEKLY;COUNT=5","exdates":["\#(skipped)"]}"#
            )
            func patch(_ body: String) async throws -> JSONValue {
                let answer = try await client.send(.patch, "/api/tasks/1", body)
                #expect(answer.status == 200, "\(answer.text)")
                return answer.json
            }
            let kept = try await patch(#"{"rrule":"FREQ=WEEKLY;COUNT=5"}"#)
            #expect(kept["recurrence_pattern"]?["exdates"] == .array([.string(skipped)]))
            #expect(kept["dtstart"]?.text == "2026-03-01T09:00:00")
            let added = try await patch(#"{"rdates":["2026-03-02T09:00:00"]}"#)
            #expect(added["recurrence_pattern"]?["rdates"]?.elements.count == 1)
            #expect(added["recurrence_pattern"]?["exdates"]?.elements.count == 1)
            let pattern = #"{"frequency":"weekly","occurrences":5}"#
            let replaced = try await patch("{\"recurrence_pattern\":\(pattern)}")
            #expect(replaced["recurrence_pattern"]?["exdates"] == nil)
            #expect(replaced["rrule"]?.text == "FREQ=WEEKLY;COUNT=5")
            let single = try await patch(#"{"is_recurring":false}"#)
            #expect(single["rrule"] == .null)
            #expect(single["due_date"]?.text == "2026-03-01T09:00:00Z")
        }
    }

    @Test func `completes a task that repeats and answers with the next`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2026-01-31T09:00:00Z","recurrence_pattern":"monthly"}"#
            )
            let answer = try await client.send(.post, "/api/tasks/1/complete")
            #expect(answer.status == 200)
            #expect(answer.json["completed"] == .bool(true))
            #expect(answer.json["may_have_fired"] == .bool(false))
            #expect(answer.json["next_task"]?["due_date"]?.text == "2026-02-28T09:00:00Z")
            let reopened = try await client.send(.patch, "/api/tasks/1/reopen")
            #expect(reopened.json["completed"] == .bool(false))
            let single = try await client.post("/api/tasks", #"{"title":"b"}"#)
            let path = try #require(single.header("location"))
            let done = try await client.send(.patch, path + "/complete")
            #expect(done.json["next_task"] == .null)
        }
    }

    @Test func `lists the history of a series`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2025-12-29T09:00:00Z","recurrence_pattern":"daily"}"#
            )
            _ = try await client.send(.post, "/api/tasks/1/complete")
            let history = try await client.get("/api/tasks/1/history")
            #expect(history.status == 200)
            let states = history.json["items"]?.elements.compactMap { $0["state"]?.text }
            #expect(states?.first == "completed")
            #expect(states?.last == "active")
            #expect(history.json["items"]?.elements.first?["late"] == .bool(true))
            #expect(history.json["items"]?.elements.last?["late_seconds"] == .null)
        }
    }

    @Test func `turns the pages of a history, in either direction`() async throws {
        try await server.test { client in
            _ = try await client.post(
                "/api/tasks",
                #"{"title":"a","due_date":"2025-12-29T09:00:00Z","recurrence_pattern":"daily"}"#
            )
            _ = try await client.send(.post, "/api/tasks/1/complete")
            let whole = try await client.get("/api/tasks/1/history").json["items"]?.elements ?? []
            #expect(whole.count > 3)
            for (order, expected) in [("asc", whole), ("desc", whole.reversed())] {
                var (found, cursor, pages): ([JSONValue], String, Int) = ([], "", 0)
                repeat {
                    let page = try await client.get(
                        "/api/tasks/1/history?order=\(order)&limit=2\(cursor)"
                    )
                    found += page.json["items"]?.elements ?? []
                    cursor = page.json["next_cursor"]?.text.map { "&cursor=\($0)" } ?? ""
                    pages += 1
                } while !cursor.isEmpty && pages < 10
                #expect(found.map { $0["due"] } == expected.map { $0["due"] })
                #expect(pages == (whole.count + 1) / 2)
            }
            for wrong in ["limit=0", "limit=501", "cursor=x", "order=up", "page=2"] {
                #expect(try await client.get("/api/tasks/1/history?\(wrong)").status == 422)
            }
        }
    }

    @Test func `deletes a task and says whether it may have fired`() async throws {
        try await server.test { client in
            let body = #"{"title":"a","due_date":"2026-03-01T09:00:00Z"}"#
            _ = try await client.post("/api/tasks", body)
            let waiting = try await client.send(.delete, "/api/tasks/1")
            #expect(waiting.status == 204)
            #expect(waiting.header("may-have-fired") == "false")
            let created = try await client.post("/api/tasks", body)
            server.store.stageAll()
            let path = try #require(created.header("location"))
            let staged = try await client.send(.delete, path)
            #expect(staged.header("may-have-fired") == "true")
            #expect(try await client.get(path).status == 404)
        }
    }

    @Test func `checks If-Match`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#)
            for (field, status) in [
                ("\"1\"", 200), ("\"1\"", 412), ("W/\"2\"", 200), ("*", 200), ("3", 412),
                ("\"x\"", 412), ("\"4\"", 200),
            ] {
                let answer = try await client.send(
                    .patch,
                    "/api/tasks/1",
                    #"{"title":"b"}"#,
                    headers: ["If-Match": field]
                )
                #expect(answer.status == status, "\(field) \(answer.text)")
            }
            let old = ["If-Match": "\"1\""]
            for (method, path) in [("POST", "/complete"), ("PATCH", "/reopen"), ("DELETE", "")] {
                let answer = try await client.send(
                    .init(method) ?? .get,
                    "/api/tasks/1" + path,
                    headers: old
                )
                #expect(answer.status == 412)
            }
        }
    }

    @Test func `lists, filters, sorts and pages`() async throws {
        try await server.test { client in
            for (title, rest) in [
                ("a", #""priority":"low","tags":["x","y"],"due_date":"2025-12-31T00:00:00Z""#),
                ("b", #""priority":"urgent","tags":["x"],"due_date":"2026-02-01T00:00:00Z""#),
                ("c", #""status":"completed""#),
            ] {
                let body = "{\"title\":\"\(title)\",\(rest)}"
                #expect(try await client.post("/api/tasks", body).status == 201)
            }
            for (query, expected) in [
                ("", "abc"), ("?status=completed", "c"), ("?priority=low,urgent", "ab"),
                ("?tags=x&tags=y", "a"), ("?tags=x,y", "a"), ("?overdue=true", "a"),
                ("?due_after=2026-01-01T00:00:00Z", "b"),
                ("?due_before=2026-01-01T00:00:00%2B01:00", "a"),
                ("?sort=priority&order=desc", "bca"), ("?sort=due_date", "abc"), ("?limit=2", "ab"),
            ] {
                for path in ["/api/tasks", "/api/tasks/filter"] {
                    let answer = try await client.get(path + query)
                    #expect(answer.status == 200, "\(answer.text)")
                    let titles = answer.json["items"]?.elements.compactMap { $0["title"]?.text }
                    #expect(titles?.joined() == expected, "\(query)")
                }
            }
            let first = try await client.get("/api/tasks?limit=2")
            let cursor = try #require(first.json["next_cursor"]?.text)
            let second = try await client.get("/api/tasks?limit=2&cursor=\(cursor)")
            #expect(second.json["items"]?.elements.first?["title"]?.text == "c")
            #expect(second.json["next_cursor"] == .null)
        }
    }

    @Test func `keeps what belongs to one user from another`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#)
            let other = ["X-User": "eve"]
            for (method, path) in [
                ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/complete"),
                ("POST", "/reopen"), ("GET", "/history"), ("GET", "/reminders"),
                ("POST", "/reminders"), ("DELETE", "/reminders/1"),
            ] {
                // The body is invalid too, but that is no affair of a stranger's.
                let answer = try await client.send(
                    .init(method) ?? .get,
                    "/api/tasks/1" + path,
                    "[",
                    headers: other
                )
                #expect(answer.status == 404, "\(method) \(path)")
            }
            let list = try await client.send(.get, "/api/tasks", headers: other)
            #expect(list.json["items"]?.elements.isEmpty == true)
        }
    }

    @Test func `answers 503 when the store is down, and says nothing of why`() async throws {
        server.store.goDown()
        try await server.test { client in
            let answer = try await client.get("/api/tasks/1")
            #expect(answer.status == 503)
            #expect(answer.header("retry-after") == "1")
            #expect(!answer.text.contains("Outage"))
        }
    }
}
