// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import PunctualPostgres
internal import Synchronization

/// Asks the database whether it is there, and does not wait for one that says nothing.
///
/// Whoever asks gets an answer within ``patience``. A statement that hangs is not given up with
/// him: there is one at a time, and those who ask meanwhile wait for the same one.
final class DatabaseProbe: Sendable {
    /// How long an answer may take; those who ask, such as Kubernetes, are patient for 2 s or more.
    private static let patience = Duration.milliseconds(1_500)

    private struct State {
        var isAsking = false
        var waiting: [UInt64: CheckedContinuation<String?, Never>] = [:]
        var last: UInt64 = 0
    }
    private let state = Mutex(State())
    private let pool: PostgresPool
    private let timer: LoopDelayedRunner

    /// Makes a probe of a pool's database.
    init(pool: PostgresPool, loop: LoopExecutor) {
        (self.pool, timer) = (pool, LoopDelayedRunner(loop: loop))
    }

    /// Why the database is of no use at present; nil when it is.
    func problem() async -> String? {
        // A statement would wait seconds for a connection before it said so.
        guard pool.isReachable else { return "there is no connection to PostgreSQL" }
        return await withCheckedContinuation { continuation in
            let (number, isFirst) = state.withLock { state in
                state.last += 1
                state.waiting[state.last] = continuation
                defer { state.isAsking = true }
                return (state.last, !state.isAsking)
            }
            if isFirst { Task { await ask() } }
            timer.run(after: Self.patience) { [self] in
                let waiter = state.withLock { $0.waiting.removeValue(forKey: number) }
                waiter?.resume(returning: "PostgreSQL has not answered for \(Self.patience)")
            }
        }
    }

    private func ask() async {
        var problem: String?
        do {
            _ = try await pool.execute(PostgresStatement(name: "ready", sql: "SELECT 1"))
        } catch { problem = "\(error)" }
        let waiters = state.withLock { state in
            defer { (state.waiting, state.isAsking) = ([:], false) }
            return state.waiting.values
        }
        for waiter in waiters { waiter.resume(returning: problem) }
    }
}
