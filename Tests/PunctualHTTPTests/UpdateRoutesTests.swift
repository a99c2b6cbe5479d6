// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import PunctualCore
import PunctualHTTP
import PunctualTime
import Testing

@Suite struct UpdateRoutesTests {
    private let server = TestServer()

    private func event(_ number: Int64) -> ReleasedEvent {
        let key = OutboxKey(
            shard: 0,
            sourceID: number,
            nominal: CivilDateTime(secondsSinceEpoch: 0)
        )
        let instant = TestServer.now.adding(microseconds: number)
        return StagedEvent(
            key: key,
            type: .reminderDue,
            taskID: 1,
            userID: "dev",
            due: TestServer.now,
            payload: "{\"n\":\(number)}"
        ).released(at: instant)
    }

    private func frame(_ event: ReleasedEvent) -> String {
        "event: reminder.due\nid: \(event.cursor)\ndata: \(event.json)\n\n"
    }

    @Test func `sends each event at once, with its type and cursor`() async throws {
        try await server.live { port in
            try await RawClient.connect(port: port) { client in
                try await client.send("GET /api/updates HTTP/1.1\r\nHost: x\r\n\r\n")
                let head = try await client.receive(until: ": connected\n\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.contains("text/event-stream"))
                let following = try #require(await server.updates.next())
                #expect(following.user.id == "dev")
                #expect(following.topics == [.reminders, .taskUpdates])
                #expect(following.cursor == nil)
                let events = (1...3).map { event($0) }
                following.stream.send([.event(events[0])])
                _ = try await client.receive(until: frame(events[0]))
                following.stream.send([.event(events[1]), .event(events[2]), .reset])
                _ = try await client.receive(
                    until: frame(events[1]) + frame(events[2]) + "event: reset\ndata:\n\n"
                )
                following.stream.cancel()
                _ = try await client.receive(until: "0\r\n\r\n")
            }
        }
    }

    @Test func `resumes from the cursor of the header or of the query`() async throws {
        let cursor = event(7).cursor
        try await server.live { port in
            for (query, header) in [
                ("?topics=reminders", "Last-Event-ID: \(cursor)\r\n"),
                ("?topics=reminders&cursor=\(cursor)", ""),
            ] {
                try await RawClient.connect(port: port) { client in
                    try await client.send(
                        "GET /api/updates\(query) HTTP/1.1\r\nHost: x\r\n\(header)\r\n"
                    )
                    let following = try #require(await server.updates.next())
                    #expect(following.topics == [.reminders])
                    #expect(following.cursor == cursor)
                }
            }
        }
    }

    @Test func `cancels the stream of a client that leaves`() async throws {
        try await server.live { port in
            let following = try await RawClient.connect(port: port) { client in
                try await client.send("GET /api/updates HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await client.receive(until: ": connected\n\n")
                return try #require(await server.updates.next())
            }
            await following.stream.cancellation()
        }
    }

    @Test func `ends the streams when the process stops`() async throws {
        let following = try await server.live { port in
            try await RawClient.connect(port: port) { client in
                try await client.send("GET /api/updates HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await client.receive(until: ": connected\n\n")
            }
            return await server.updates.next()
        }
        await following?.stream.cancellation()
    }

    @Test func `keeps a silent stream open with comments`() async throws {
        var server = server
        server.configuration.keepAliveInterval = .milliseconds(5)
        try await server.live { port in
            try await RawClient.connect(port: port) { client in
                try await client.send("GET /api/updates HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await client.receive(until: ": keep-alive\n\n")
            }
        }
    }

    @Test func `bounds the number of streams and frees their places`() async throws {
        var server = server
        server.configuration.maximumStreams = 1
        let request = "GET /api/updates HTTP/1.1\r\nHost: x\r\n\r\n"
        let updates = server.updates
        try await server.live { port in
            let first = try await RawClient.connect(port: port) { client in
                try await client.send(request)
                _ = try await client.receive(until: ": connected\n\n")
                let first = try #require(await updates.next())
                try await RawClient.connect(port: port) { other in
                    try await other.send(request)
                    let answer = try await other.receive(until: "\r\n\r\n")
                    #expect(answer.hasPrefix("HTTP/1.1 503"))
                }
                first.stream.cancel()
                _ = try await client.receive(until: "0\r\n\r\n")
                return first
            }
            await first.stream.cancellation()
            try await RawClient.connect(port: port) { client in
                try await client.send(request)
                _ = try await client.receive(until: ": connected\n\n")
            }
        }
    }

    @Test func `refuses topics and cursors that are none`() async throws {
        try await server.test { client in
            let topics = try await client.get("/api/updates?topics=engine")
            #expect(topics.status == 422 && topics.places == ["topics"])
            let cursor = try await client.get("/api/updates?cursor=7")
            #expect(cursor.status == 422 && cursor.places == ["cursor"])
            let header = try await client.send(
                .get,
                "/api/updates",
                headers: ["Last-Event-ID": "7"]
            )
            #expect(header.status == 422 && header.places == ["Last-Event-ID"])
            #expect(try await client.send(.head, "/api/updates").status == 405)
        }
    }
}
