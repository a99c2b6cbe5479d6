// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Receives what fires, until it is closed.
protocol EventReceiver {
    /// Ends the connection and the thread.
    func close() throws
}

/// What the server sends events to instead of serving a stream of them.
protocol EventEndpoint {
    /// What the server needs to know it.
    var environment: [String: String] { get }
    /// Begins to file what comes.
    func stream(_ ledger: Ledger) throws -> any EventReceiver
}

/// A client of `GET /api/updates`: one thread that receives, stamps and files every event.
///
/// The stamp is `CLOCK_REALTIME` right after `recv` returned; all events of one `recv` share it.
final class EventStream: EventReceiver, Sendable {
    private let worker: Worker
    private let shutdown: @Sendable () -> Void

    /// Connects, and returns when the server has answered 200.
    init(port: UInt16, ledger: Ledger, headers: String = "") throws {
        let connection = try HTTPConnection(port: port)
        try connection.write(
            HTTPConnection.request(
                "GET",
                "/api/updates?topics=reminders",
                headers: "Accept: text/event-stream\r\n" + headers
            )
        )
        let head = try connection.readHead()
        guard head.hasPrefix("HTTP/1.1 200") else {
            throw BenchError("/api/updates answered \(head.prefix { $0 != "\r\n" })")
        }
        shutdown = connection.shutdownHandle
        let isChunked = head.lowercased().contains("transfer-encoding: chunked")
        let box = Transfer(connection)
        worker = try Worker {
            try Self.receive(box.take(), isChunked: isChunked, ledger: ledger)
        }
    }

    func close() throws {
        shutdown()
        try worker.join()
    }

    private static func receive(
        _ connection: HTTPConnection,
        isChunked: Bool,
        ledger: Ledger
    ) throws {
        var decoder = ChunkDecoder(isChunked: isChunked)
        var bytes = connection.takeRest()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let now = WallClock.nanoseconds
            try bytes.withUnsafeBytes { try decoder.append($0) }
            decoder.takeLines { line in
                if let event = FiredEvent(line) { ledger.receive(event, at: now) }
            }
            // A server that was killed resets the connection; what came until then counts.
            guard let count = try? connection.receive(into: &buffer), count > 0 else { return }
            bytes = Array(buffer[..<count])
        }
    }

    /// Hands the connection, which only one thread may use, to the receiving one.
    private final class Transfer: @unchecked Sendable {
        private var connection: HTTPConnection?

        init(_ connection: HTTPConnection) {
            self.connection = connection
        }

        func take() throws -> HTTPConnection {
            guard let connection else { throw BenchError("the connection was taken twice") }
            self.connection = nil
            return connection
        }
    }
}

/// Undoes HTTP's chunked coding and cuts what remains into the `data:` lines of an event stream.
private struct ChunkDecoder {
    private enum State {
        case size(Int)
        case data(Int)
        case end(Int)
    }

    private let isChunked: Bool
    private var state = State.size(0)
    private var text: [UInt8] = []

    init(isChunked: Bool) {
        self.isChunked = isChunked
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard isChunked else {
            text += bytes
            return
        }
        var rest = bytes[...]
        while let byte = rest.first {
            switch state {
            case .size(let size):
                rest = rest.dropFirst()
                switch byte {
                case UInt8(ascii: "\n"): state = .data(size)
                case UInt8(ascii: "\r"): break
                default:
                    let digit = byte & 0x40 == 0 ? byte & 0xf : (byte & 0xf) + 9
                    guard size < 1 << 40 else { throw BenchError("a bad chunk size") }
                    state = .size(size << 4 | Int(digit))
                }
            case .data(let remaining):
                text += rest.prefix(remaining)
                let taken = min(remaining, rest.count)
                rest = rest.dropFirst(taken)
                state = taken == remaining ? .end(2) : .data(remaining - taken)
            case .end(let remaining):
                rest = rest.dropFirst()
                state = remaining > 1 ? .end(remaining - 1) : .size(0)
            }
        }
    }

    /// Gives each complete `data:` line to `body`, and keeps what follows the last line.
    mutating func takeLines(_ body: (UnsafeRawBufferPointer) -> Void) {
        let taken = text.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress,
                let end = memchr(base + start, 0x0a, bytes.count - start)
            {
                let next = UnsafeRawPointer(end) - base + 1
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<next])
                if line.starts(with: "data:".utf8) { body(line) }
                start = next
            }
            return start
        }
        text.removeFirst(taken)
    }
}
