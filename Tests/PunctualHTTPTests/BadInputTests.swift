// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct BadInputTests {
    private let server = TestServer()

    @Test(arguments: [
        (#"{}"#, "/title"), (#"{"title":""}"#, "/title"), (#"{"title":null}"#, "/title"),
        (#"{"title":1}"#, "/title"), (#"{"title":"a\u0000b"}"#, "/title"),
        (#"{"title":"a","nope":1}"#, "/nope"), (#"{"title":"a","a/b~c":1}"#, "/a~1b~0c"),
        (#"{"title":"a","priority":"now"}"#, "/priority"),
        (#"{"title":"a","status":"done"}"#, "/status"),
        (#"{"title":"a","status":"active","completed":true}"#, "/completed"),
        (#"{"title":"a","tags":"x"}"#, "/tags"), (#"{"title":"a","tags":["x",1]}"#, "/tags/1"),
        (#"{"title":"a","due_date":"2026-03-01"}"#, "/due_date"),
        (#"{"title":"a","due_date":"tomorrow"}"#, "/due_date"),
        (#"{"title":"a","due_date":"2026-13-01T00:00:00Z"}"#, "/due_date"),
        (#"{"title":"a","due_date":"2026-03-01T09:00:00"}"#, "/due_date"),
        (#"{"title":"a","due_date":1767225600}"#, "/due_date"),
        (#"{"title":"a","due_date":"2026-03-01T09:00:00","timezone":"Mars/Base"}"#, "/timezone"),
        (#"{"title":"a","reminders":[{"offset":"-PT1H"}]}"#, "/reminders/0/offset"),
        (
            #"{"title":"a","reminders":[{"at":"2026-03-01T09:00:00Z"},{"offset":"1h"}]}"#,
            "/reminders/1/offset"
        ),
        (#"{"title":"a","reminders":[{"at":"2026-03-01T09:00:00"}]}"#, "/reminders/0/at"),
        (#"{"title":"a","reminders":[{}]}"#, "/reminders/0"),
        (#"{"title":"a","reminders":[7]}"#, "/reminders/0"),
        (#"{"title":"a","reminder_time":"2026-03-01"}"#, "/reminder_time"),
        (#"{"title":"a","is_recurring":true}"#, "/is_recurring"),
        (#"{"title":"a","rrule":"FREQ=DAILY"}"#, "/due_date"),
        (#"{"title":"a","dtstart":"2026-03-01T09:00:00Z"}"#, "/dtstart"),
        (#"{"title":"a","rrule":"FREQ=SOMETIMES","due_date":"2026-03-01T09:00:00Z"}"#, "/rrule"),
        (#"{"title":"a","recurrence_pattern":"hourly"}"#, "/recurrence_pattern"),
        (#"{"title":"a","recurrence_pattern":{}}"#, "/recurrence_pattern/frequency"),
        (
            #"{"title":"a","recurrence_pattern":{"frequency":"daily","often":1}}"#,
            "/recurrence_pattern/often"
        ),
        (
            #"{"title":"a","recurrence_pattern":{"frequency":"monthly","by_day":["XX"]}}"#,
            "/recurrence_pattern/by_day/0"
        ),
        (
            #"{"title":"a","recurrence_pattern":{"frequency":"weekly","days_of_week":[7]}}"#,
            "/recurrence_pattern/days_of_week"
        ),
        (#"{"title":"a","rrule":"FREQ=DAILY","recurrence_pattern":"weekly"}"#, "/rrule"),
        (#"{"title":"a","misfire":"later"}"#, "/misfire"),
        (#"{"title":"a","misfire":{"policy":"skip","grace":"-PT1M"}}"#, "/misfire/grace"),
        (#"{"title":"a","dst":"sometimes"}"#, "/dst"),
        (#"{"title":"a","dst":{"gap":"jump"}}"#, "/dst/gap"),
        (#"{"title":"a","anchor":"start"}"#, "/anchor"),
        (#"[]"#, ""), (#""a""#, ""),
    ])
    func `names the field that is wrong`(body: String, pointer: String) async throws {
        try await server.test { client in
            let answer = try await client.post("/api/tasks", body)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.header("content-type") == "application/problem+json")
            #expect(answer.places.contains(pointer), "\(answer.text)")
            #expect(answer.json["title"]?.text == "Unprocessable Content")
            #expect(answer.json["status"]?.integer == 422)
        }
    }

    @Test func `names all that is wrong at once`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/api/tasks",
                #"{"title":1,"priority":"x","reminders":[{"offset":1},{"at":2}]}"#
            )
            #expect(
                answer.places.sorted()
                    == ["/priority", "/reminders/0/offset", "/reminders/1/at", "/title"]
            )
        }
    }

    @Test func `bounds every list and text`() async throws {
        let long = String(repeating: "x", count: 501)
        let tags = Array(repeating: "\"t\"", count: 51).joined(separator: ",")
        let reminder = #"{"at":"2026-03-01T09:00:00Z"}"#
        let reminders = Array(repeating: reminder, count: 21).joined(separator: ",")
        try await server.test { client in
            for (body, pointer) in [
                ("{\"title\":\"\(long)\"}", "/title"),
                ("{\"title\":\"a\",\"tags\":[\(tags)]}", "/tags"),
                ("{\"title\":\"a\",\"tags\":[\"\(long)\"]}", "/tags/0"),
                ("{\"title\":\"a\",\"reminders\":[\(reminders)]}", "/reminders"),
            ] {
                let answer = try await client.post("/api/tasks", body)
                #expect(answer.status == 422)
                #expect(answer.places == [pointer])
            }
        }
    }

    @Test func `names what cannot be cleared or contradicts the task`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", #"{"title":"a"}"#)
            for (body, pointer) in [
                (#"{"title":null}"#, "/title"), (#"{"status":null}"#, "/status"),
                (#"{"is_recurring":true}"#, "/is_recurring"),
                (#"{"exdates":["2026-03-01T09:00:00"]}"#, "/exdates"),
            ] {
                let answer = try await client.send(.patch, "/api/tasks/1", body)
                #expect(answer.status == 422)
                #expect(answer.places == [pointer], "\(answer.text)")
            }
        }
    }

    @Test(arguments: [
        ("status=done", "status"), ("priority=low,top", "priority"), ("limit=0", "limit"),
        ("limit=501", "limit"), ("limit=99999999999999999999", "limit"), ("sort=title", "sort"),
        ("order=up", "order"), ("due_before=2026", "due_before"), ("overdue=maybe", "overdue"),
        ("overdue=true&status=completed", "overdue"), ("nope=1", "nope"),
        ("tags=%ff", "tags"), ("tags=%00", "tags"), ("tags=%4", "tags"),
    ])
    func `names the parameter that is wrong`(query: String, parameter: String) async throws {
        try await server.test { client in
            let answer = try await client.get("/api/tasks?" + query)
            #expect(answer.status == 422)
            #expect(answer.places == [parameter], "\(answer.text)")
        }
    }

    @Test(arguments: [
        "{", "{\"title\":\"a\"", "", "nope", "{\"title\":\"\\ud800\"}", "{\"a\":01}",
    ])
    func `refuses what is not JSON`(body: String) async throws {
        try await server.test { client in
            let answer = try await client.post("/api/tasks", body)
            #expect(answer.status == 400)
            #expect(answer.json["detail"]?.text?.contains("at byte") == true)
        }
    }

    @Test func `refuses other media types and codings`() async throws {
        try await server.test { client in
            let body = #"{"title":"a"}"#
            for (name, value, status) in [
                ("Content-Type", "application/x-www-form-urlencoded", 415),
                ("Content-Type", "text/plain", 415), ("Content-Encoding", "gzip", 415),
                ("Content-Type", "Application/JSON; charset=utf-8", 201),
            ] {
                let answer = try await client.post("/api/tasks", body, headers: [name: value])
                #expect(answer.status == status, "\(value)")
            }
        }
    }

    @Test func `refuses bodies that are too large`() async throws {
        var server = server
        server.configuration.maximumBodyBytes = 1_000
        try await server.test { client in
            let title = String(repeating: "x", count: 1_000)
            let answer = try await client.post("/api/tasks", "{\"title\":\"\(title)\"}")
            #expect(answer.status == 413)
        }
    }

    @Test func `knows no other path and no other method`() async throws {
        try await server.test { client in
            for path in ["/nope", "/api", "/api/task", "/api/tasks/1/nope", "/api/tasks/1/2/3"] {
                let answer = try await client.get(path)
                #expect(answer.status == 404)
                #expect(answer.header("content-type") == "application/problem+json")
            }
            let answer = try await client.send(.put, "/api/tasks/1")
            #expect(answer.status == 405)
            #expect(answer.header("allow") == "DELETE, GET, HEAD, PATCH")
            for id in ["x", "-1", "+1", "1.0", "9223372036854775808", "%31", "١"] {
                #expect(try await client.get("/api/tasks/" + id).status == 404, "\(id)")
            }
        }
    }
}
