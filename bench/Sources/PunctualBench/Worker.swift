// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A thread that does one blocking duty: a connection that creates, or one that receives.
///
/// Threads, and not an event loop, because a bench that shares cores with the server should do
/// nothing between its system calls: what it measures ends when `recv` returns.
final class Worker: Sendable {
    private let thread: Mutex<pthread_t?>
    private let outcome = Mutex<(any Error)?>(nil)

    /// Starts `body` on a thread of its own.
    init(_ body: @escaping @Sendable () throws -> Void) throws {
        thread = Mutex(nil)
        let start = Unmanaged.passRetained(Start(worker: self, body: body))
        var created = pthread_t()
        let status = pthread_create(
            &created,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.run()
                return nil
            },
            start.toOpaque()
        )
        guard status == 0 else {
            start.release()
            throw BenchError("no thread could be started (error \(status)); raise the limit")
        }
        let identifier = created
        thread.withLock { $0 = identifier }
    }

    /// Waits for the thread and throws what it threw.
    func join() throws {
        let identifier = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let identifier { pthread_join(identifier, nil) }
        if let error = outcome.withLock({ $0 }) { throw error }
    }

    private final class Start {
        let worker: Worker
        let body: @Sendable () throws -> Void

        init(worker: Worker, body: @escaping @Sendable () throws -> Void) {
            self.worker = worker
            self.body = body
        }

        func run() {
            do {
                try body()
            } catch {
                worker.outcome.withLock { $0 = error }
            }
        }
    }
}
