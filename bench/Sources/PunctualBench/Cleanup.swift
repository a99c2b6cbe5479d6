// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What must be undone however the bench ends: processes and temporary folders.
///
/// SIGINT and SIGTERM are taken by a thread of their own, which undoes the same before it exits.
enum Cleanup {
    private static let steps = Mutex<[@Sendable () -> Void]>([])

    /// Adds a step; steps run in the reverse order.
    static func add(_ step: @escaping @Sendable () -> Void) {
        steps.withLock { $0.append(step) }
    }

    /// Runs all steps, once.
    static func run() {
        let pending = steps.withLock { steps in
            defer { steps = [] }
            return steps
        }
        for step in pending.reversed() { step() }
    }

    /// Makes signals clean up; to be called before any other thread starts.
    static func watchSignals() throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
        let watched = signals
        _ = try Worker {
            var signals = watched
            var signal: Int32 = 0
            guard sigwait(&signals, &signal) == 0 else { return }
            run()
            exit(128 + signal)
        }
    }
}
