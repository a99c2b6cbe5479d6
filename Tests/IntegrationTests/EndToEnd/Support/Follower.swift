// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// An event as a client of `GET /api/updates` receives it.
struct ReceivedEvent: Decodable, Sendable {
    var eventId: String
    var eventType: String
    var taskId: Int64
    var timestamp: Instant
    /// Of reminders only.
    var reminderId: Int64?
    var remindAt: Instant?
    var title: String?
    /// When its bytes were there.
    var received = Instant(microseconds: 0)

    private enum CodingKeys: CodingKey {
        case eventId, eventType, taskId, timestamp, reminderId, remindAt, title
    }
}

/// A client of a server's events that connects again when the connection is lost, and then resumes
/// after the last event that it has seen, as a browser's `EventSource` does.
final class Follower: Sendable {
    private struct State {
        var events: [ReceivedEvent] = []
        var cursor: String?
        var socket: LoopbackSocket?
        var connections = 0
        var isStopped = false
        var failure: String?
    }
    private let server: RestartableServer
    private let topics: String
    private let state = Mutex(State())

    private init(_ server: RestartableServer, _ topics: String) {
        (self.server, self.topics) = (server, topics)
    }

    /// Follows the events of a server while `body` runs, and from before it runs.
    static func following(
        _ server: RestartableServer,
        topics: String = "reminders",
        _ body: (Follower) async throws -> Void
    ) async throws {
        let follower = Follower(server, topics)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await follower.run() }
            defer { follower.stop() }
            try await eventually("the stream is open") { follower.connections > 0 }
            try await body(follower)
            follower.stop()
            try await group.waitForAll()
        }
        if let failure = follower.state.withLock({ $0.failure }) {
            throw TestFailure(description: failure)
        }
    }

    /// All events in the order in which they came, repeats too.
    var events: [ReceivedEvent] { state.withLock { $0.events } }

    /// How often the server has begun to send events.
    var connections: Int { state.withLock { $0.connections } }

    /// The reminders that were received, each once.
    var reminders: Set<Int64> { Set(events.compactMap(\.reminderId)) }

    /// How many events were released more than once, which their timestamps tell.
    var releasedAgain: Int {
        Dictionary(grouping: events, by: \.eventId).values
            .count { Set($0.map(\.timestamp)).count > 1 }
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func stop() {
        state.withLock { state in
            state.isStopped = true
            state.socket?.hangUp()
        }
    }

    private func run() async {
        while !isStopped {
            // A stream may break at any moment; what matters is what the next one resumes with.
            try? await blocking { [self] in try readOneStream() }
            try? await eventually("the server is back") { server.port != nil || isStopped }
        }
    }

    private func readOneStream() throws {
        guard let port = server.port else { return }
        let socket = try LoopbackSocket(connectingTo: port)
        let cursor = state.withLock { state in
            state.socket = state.isStopped ? nil : socket
            return state.cursor
        }
        let headers = cursor.map { ["Last-Event-ID": $0] } ?? [:]
        try socket.send(HTTPAnswer.request("GET", "/api/updates?topics=\(topics)", headers))
        var lines = LineBuffer()
        var event = Data()
        var id: Substring?
        while !isStopped {
            let bytes = try socket.receive()
            if bytes.isEmpty { return }
            let now = Instant.now
            // Chunk sizes are lines too, and fields without a meaning, which clients ignore.
            for line in lines.append(bytes) {
                if line.hasPrefix(": connected") { state.withLock { $0.connections += 1 } }
                if line.hasPrefix("id: ") { id = line.dropFirst(4)[...] }
                if line.hasPrefix("data: ") { event = Data(line.dropFirst(6).utf8) }
                if line.isEmpty, let cursor = id {
                    take(event, cursor: cursor, at: now)
                    id = nil
                }
            }
        }
    }

    private func take(_ json: Data, cursor: Substring, at now: Instant) {
        state.withLock { state in
            do {
                var event = try JSONDecoder.snakeCase.decode(ReceivedEvent.self, from: json)
                event.received = now
                state.events.append(event)
                state.cursor = String(cursor)
            } catch {
                state.failure = "\(error) in \(String(decoding: json, as: UTF8.self))"
            }
        }
    }
}

/// Bytes as they come, in whole lines.
private struct LineBuffer {
    private var rest: [UInt8] = []

    /// The lines that are whole now, without their ends.
    mutating func append(_ bytes: [UInt8]) -> [String] {
        rest += bytes
        var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = lines.popLast().map(Array.init) ?? []
        return lines.map { line in
            String(
                decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line,
                as: UTF8.self
            )
        }
    }
}
