// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A wake-up for one waiter that is never lost: it is remembered until somebody waits.
///
/// Several signals before a wait are one.
final class Signal: Sendable {
    fileprivate struct State {
        var isSignalled = false
        var waiter: CheckedContinuation<Void, Never>?
        /// Counts the waits, so that a timer knows whether its own is still going on.
        var waits: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Wakes the waiter, or lets the next one pass.
    func signal() {
        state.withLock { $0.signal() }?.resume()
    }

    /// Waits for a signal, or for the cancellation of the task.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state in
                    if state.isSignalled || Task.isCancelled {
                        state.isSignalled = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if passes { continuation.resume() }
            }
        } onCancel: {
            signal()
        }
        state.withLock { $0.waits += 1 }
    }

    /// Waits for a signal, for the cancellation of the task, or for `limit`.
    func wait(atMost limit: Duration, on timer: some DelayedRunner) async {
        let wait = state.withLock { $0.waits }
        timer.run(after: limit) { [self] in
            state.withLock { $0.waits == wait ? $0.signal() : nil }?.resume()
        }
        await self.wait()
    }
}

extension Signal.State {
    fileprivate mutating func signal() -> CheckedContinuation<Void, Never>? {
        defer { waiter = nil }
        isSignalled = waiter == nil
        return waiter
    }
}
