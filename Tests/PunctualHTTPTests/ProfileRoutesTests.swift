// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct ProfileRoutesTests {
    private let server = TestServer()

    @Test func `shows the defaults to whoever has chosen nothing`() async throws {
        try await server.test { client in
            let me = try await client.get("/api/me").json
            #expect(me["user_id"]?.text == "dev")
            #expect(me["timezone"] == .null && me["quiet_hours"] == .null)
            let offsets = me["default_reminders"]?.elements.compactMap { $0["offset"]?.text }
            #expect(offsets == ["-P1D", "-PT1H"])
            #expect(me["channels"]?["email"] == .bool(true))
            #expect(me["feed_url"] == .null)
        }
    }

    @Test func `keeps what is chosen, and takes an answer back as it is`() async throws {
        try await server.test { client in
            let chosen = """
                {"email":"ana@example.org","timezone":"Europe/Lisbon",
                "default_reminders":[{"offset":"-PT15M"}],
                "quiet_hours":{"start":"22:00","end":"07:30"},"channels":{"email":false}}
                """
            let answer = try await client.send(.put, "/api/me", chosen)
            #expect(answer.status == 200)
            let me = try await client.get("/api/me")
            #expect(me.json == answer.json)
            #expect(me.json["quiet_hours"]?["end"]?.text == "07:30")
            #expect(me.json["channels"]?["email"] == .bool(false))
            #expect(me.json["channels"]?["in_app"] == .bool(true))
            #expect(try await client.send(.put, "/api/me", me.text).json == me.json)
        }
    }

    @Test func `gives a task that names no reminders those of its user`() async throws {
        try await server.test { client in
            _ = try await client.send(
                .put,
                "/api/me",
                #"{"default_reminders":[{"offset":"-PT15M"}]}"#
            )
            let due = #""due_date":"2026-02-01T09:00:00Z""#
            let task = try await client.post("/api/tasks", "{\"title\":\"a\",\(due)}").json
            let offsets = task["reminders"]?.elements.compactMap { $0["offset"]?.text }
            #expect(offsets == ["-PT15M"])
            _ = try await client.send(.put, "/api/me", #"{"default_reminders":[]}"#)
            let silent = try await client.post("/api/tasks", "{\"title\":\"b\",\(due)}").json
            #expect(silent["reminders"]?.elements.isEmpty == true)
            let own = "\"reminders\":[{\"offset\":\"-PT1M\"}]"
            let other = try await client.post("/api/tasks", "{\"title\":\"c\",\(due),\(own)}").json
            #expect(other["reminders"]?.elements.count == 1)
        }
    }

    @Test(arguments: [
        (#"{"email":"ana"}"#, "/email"), (#"{"email":"a@b\r\nBcc: c@d"}"#, "/email"),
        (#"{"timezone":"Mars/Olympus"}"#, "/timezone"),
        (#"{"default_reminders":[{"at":"2026-01-01T00:00:00Z"}]}"#, "/default_reminders/0/at"),
        (
            #"{"timezone":"UTC","quiet_hours":{"start":"24:00","end":"07:00"}}"#,
            "/quiet_hours/start"
        ),
        (#"{"timezone":"UTC","quiet_hours":{"start":"23:00"}}"#, "/quiet_hours"),
        (#"{"quiet_hours":{"start":"23:00","end":"07:00"}}"#, "/quiet_hours"),
        (#"{"channels":{"pigeon":true}}"#, "/channels/pigeon"), (#"{"name":"Ana"}"#, "/name"),
    ])
    func `says what is wrong, and where`(body: String, place: String) async throws {
        try await server.test { client in
            let answer = try await client.send(.put, "/api/me", body)
            #expect(answer.status == 422)
            #expect(answer.places.first == place)
        }
    }

    @Test func `a feed's address shows its user's tasks until it is made anew`() async throws {
        try await server.test { client in
            _ = try await client.post("/api/tasks", "{\"title\":\"private\"}")
            let made = try await client.post("/api/me/feed", "").json
            let url = try #require(made["feed_url"]?.text)
            let path = String(url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })
            let feed = try await client.send(.get, path, headers: ["x-user": "nobody"])
            #expect(feed.status == 200 && feed.text.contains("SUMMARY:private\r\n"))
            #expect(try await client.get(path + "?as=photos").status == 422)
            _ = try await client.post("/api/me/feed", "")
            for old in [
                path, "/feeds/1-secret", "/feeds/other.ics", "/feeds/.ics", "/feeds/9-a.ics",
            ] {
                #expect(try await client.get(old).status == 404)
            }
            #expect(try await client.send(.delete, "/api/me/feed").status == 204)
            #expect(try await client.get("/api/me").json["feed_url"] == .null)
        }
    }
}
