// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// An application that takes webhooks on a port of loopback, with a thread for each connection.
///
/// The stamp is `CLOCK_REALTIME` when the whole request has been read; 204 is answered after it.
final class WebhookEndpoint: EventEndpoint, EventReceiver, Sendable {
    /// What a server needs to post here.
    let environment: [String: String]
    private let listener: Int32
    private let ledger: Mutex<Ledger?> = Mutex(nil)

    /// Listens.
    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = HTTPConnection.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 128) == 0
                    ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard status == 0 else {
            throw BenchError("cannot listen for webhooks: \(HTTPConnection.reason())")
        }
        environment = [
            "PUNCTUAL_WEBHOOK_URL": "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/",
            "PUNCTUAL_WEBHOOK_ALLOW": "127.0.0.1",
        ]
        _ = try Worker { [self] in
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                _ = try Worker { [self] in serve(accepted) }
            }
        }
    }

    /// Files from now on what comes.
    func stream(_ ledger: Ledger) throws -> any EventReceiver {
        self.ledger.withLock { $0 = ledger }
        return self
    }

    func close() {
        ledger.withLock { $0 = nil }
    }

    /// Answers the requests of one connection until the server closes it.
    private func serve(_ descriptor: Int32) {
        let connection = HTTPConnection(accepted: descriptor)
        while let head = try? connection.readHead(),
            let body = try? connection.readBody(after: head)
        {
            let now = WallClock.nanoseconds
            if let event = body.withUnsafeBytes({ FiredEvent($0) }) {
                ledger.withLock { $0?.receive(event, at: now) }
            }
            // A server that is gone does not read the answer, and sends it again to the next.
            guard (try? connection.write(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8))) != nil
            else { return }
        }
    }
}
