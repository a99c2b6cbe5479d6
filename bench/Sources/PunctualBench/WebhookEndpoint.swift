// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// An application that takes webhooks on a port of loopback, with a thread for each connection.
///
/// The stamp is `CLOCK_REALTIME` when the whole request has been read; 204 is answered after it.
final class WebhookEndpoint: EventEndpoint, EventReceiver, Sendable {
    /// What a server needs to post here.
    let environment: [String: String]
    private let ledger: Mutex<Ledger?> = Mutex(nil)

    /// Listens.
    init() throws {
        let listener = try LoopbackListener()
        environment = [
            "PUNCTUAL_WEBHOOK_URL": "http://127.0.0.1:\(listener.port)/",
            "PUNCTUAL_WEBHOOK_ALLOW": "127.0.0.1",
        ]
        _ = try Worker { [self] in
            while true {
                let accepted = accept(listener.descriptor, nil, nil)
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
        // An end of the connection is all that can go wrong, and ends the loop.
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
