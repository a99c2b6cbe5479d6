// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import NIOCore
import PunctualCore
import PunctualHTTP
import PunctualTime
import Testing

@Suite struct WebSocketTests {
    private let server = TestServer()
    /// The example of RFC 6455 §1.3.
    private static let handshake =
        "Host: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    /// Opens a WebSocket and runs `body` with it and with what it follows.
    private func open(
        _ path: String = "/ws",
        on server: TestServer,
        _ body: @escaping @Sendable (RawClient, ScriptedUpdates.Following) async throws -> Void
    ) async throws {
        let updates = server.updates
        try await server.live { port in
            try await RawClient.connect(port: port) { client in
                try await client.send("GET \(path) HTTP/1.1\r\n\(Self.handshake)\r\n")
                let head = try await client.receive(until: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
                try await body(client, #require(await updates.next()))
            }
        }
    }

    private func event(_ number: Int64) -> ReleasedEvent {
        StagedEvent(
            key: OutboxKey(
                shard: 0,
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 0)
            ),
            type: .reminderDue,
            taskID: 1,
            userID: "dev",
            due: TestServer.now,
            payload: "{\"n\":\(number)}"
        ).released(at: TestServer.now)
    }

    private func text(_ event: ReleasedEvent) -> String {
        "{\"cursor\":\"\(event.cursor)\",\(event.json.dropFirst())"
    }

    /// A frame of a client, whose mask of zeros leaves the payload as it is.
    private func frame(_ first: UInt8, _ payload: String = "") -> [UInt8] {
        [first, 0x80 | UInt8(payload.utf8.count), 0, 0, 0, 0] + Array(payload.utf8)
    }

    @Test func `sends each event as a text with its cursor`() async throws {
        let events = (1...3).map { event($0) }
        try await open("/ws?topics=reminders&after=\(events[0].cursor)", on: server) {
            client,
            following in
            #expect(following.topics == [.reminders])
            #expect(following.cursor == events[0].cursor)
            following.stream.send([.event(events[1])])
            _ = try await client.receive(until: text(events[1]))
            following.stream.send([.event(events[2]), .reset])
            _ = try await client.receive(until: "{\"event_type\":\"reset\"}")
        }
    }

    @Test func `answers a close, and ends the stream`() async throws {
        try await open(on: server) { client, following in
            try await client.send(frame(0x88, "\u{03}\u{68}"))
            await following.stream.cancellation()
            await #expect(throws: RawClient.Closed.self) { try await client.receive(until: "no") }
        }
    }

    @Test func `answers pings, also those with a payload`() async throws {
        try await open(on: server) { client, _ in
            try await client.send(frame(0x89, "are you there?"))
            _ = try await client.receive(until: "are you there?")
        }
    }

    @Test(
        arguments: [
            ([0x81, 0x80, 0, 0, 0, 0], "This socket only sends"),
            ([0x81, 0x01, 0x61], "masked"),
            ([0xc1, 0x80, 0, 0, 0, 0], "masked and plain"),
        ] as [([UInt8], String)]
    )
    func `closes on what a client may not send, and says why`(
        _ bytes: [UInt8],
        _ reason: String
    ) async throws {
        try await open(on: server) { client, following in
            try await client.send(bytes)
            _ = try await client.receive(until: reason)
            await following.stream.cancellation()
        }
    }

    @Test func `cuts a client that answers no ping`() async throws {
        var server = server
        server.configuration.keepAliveInterval = .milliseconds(5)
        try await open(on: server) { client, following in
            _ = try await client.receive(until: "No pong")
            await following.stream.cancellation()
        }
    }

    @Test func `says that the client may resume when its stream has ended`() async throws {
        try await open(on: server) { client, following in
            following.stream.cancel()
            _ = try await client.receive(until: "Connect again, after the last cursor.")
        }
    }

    @Test func `cancels the stream of a client that leaves, and frees its place`() async throws {
        var server = server
        server.configuration.maximumStreams = 1
        let updates = server.updates
        try await server.live { port in
            for _ in 0..<3 {
                let following = try await RawClient.connect(port: port) { client in
                    try await client.send("GET /ws HTTP/1.1\r\n\(Self.handshake)\r\n")
                    _ = try await client.receive(until: "101")
                    return try #require(await updates.next())
                }
                await following.stream.cancellation()
            }
        }
    }

    @Test func `refuses what is no handshake, and pages of other sites`() async throws {
        var server = server
        server.configuration.maximumStreams = 0
        try await server.test { client in
            let plain = try await client.get("/ws")
            #expect(plain.status == 426 && plain.header("Sec-WebSocket-Version") == "13")
            let handshake = [
                "Connection": "Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            ]
            for (name, value) in [
                ("Sec-WebSocket-Version", "8"), ("Upgrade", "h2c"), ("Sec-WebSocket-Key", "x"),
            ] {
                let headers = handshake.merging([name: value]) { $1 }
                #expect(try await client.send(.get, "/ws", headers: headers).status == 426)
            }
            let foreign = handshake.merging(["Origin": "https://evil.example"]) { $1 }
            #expect(try await client.send(.get, "/ws", headers: foreign).status == 403)
            #expect(try await client.send(.get, "/ws?after=7", headers: handshake).status == 422)
            #expect(try await client.send(.get, "/ws", headers: handshake).status == 503)
        }
    }
}
