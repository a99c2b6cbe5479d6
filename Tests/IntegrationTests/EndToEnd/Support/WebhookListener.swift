// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A tiny HTTP server on the loopback that answers each request with the status that a test says.
final class WebhookListener: Sendable {
    private let socket: LoopbackSocket
    private let port: UInt16
    private let answer: @Sendable (_ request: HTTPMessage, _ earlier: [HTTPMessage]) -> Int
    private let received = Mutex<[HTTPMessage]>([])

    private init(answer: @escaping @Sendable (HTTPMessage, [HTTPMessage]) -> Int) throws {
        socket = try .listening()
        port = try socket.port
        self.answer = answer
    }

    /// Answers requests while `body` runs; `answer` sees the requests that came before too.
    static func running(
        answer: @escaping @Sendable (HTTPMessage, [HTTPMessage]) -> Int,
        _ body: (WebhookListener) async throws -> Void
    ) async throws {
        let listener = try WebhookListener(answer: answer)
        async let serving: Void = blocking { listener.serve() }
        do { try await body(listener) } catch {
            listener.socket.hangUp()
            throw error
        }
        listener.socket.hangUp()
        try await serving
    }

    /// Where it listens.
    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// What it has received.
    var requests: [HTTPMessage] { received.withLock { $0 } }

    /// Serves one connection after another until the socket is hung up.
    private func serve() {
        // Whatever a client does wrong ends its connection and nothing else.
        while let connection = try? socket.nextConnection() { try? serve(connection) }
    }

    private func serve(_ connection: LoopbackSocket) throws {
        var bytes: [UInt8] = []
        var request: HTTPMessage?
        while request?.isWhole != true {
            let more = try connection.receive()
            if more.isEmpty { return }
            bytes += more
            request = HTTPMessage(bytes)
        }
        guard let request else { return }
        let status = received.withLock { received in
            defer { received.append(request) }
            return answer(request, received)
        }
        let head = "HTTP/1.1 \(status) So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        try connection.send(Array(head.utf8))
    }
}
