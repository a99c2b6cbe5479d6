// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value whose changes a test can wait for, instead of sleeping.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiters: [(@Sendable (Value) -> Bool, CheckedContinuation<Void, Never>)] = []
    }
    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    /// Changes the value and lets those go on whose condition is fulfilled by it.
    @discardableResult
    func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
        let (result, ready) = state.withLock { state in
            let result = body(&state.value)
            let value = state.value
            let ready = state.waiters.filter { $0.0(value) }.map(\.1)
            state.waiters.removeAll { $0.0(value) }
            return (result, ready)
        }
        for continuation in ready { continuation.resume() }
        return result
    }

    /// Waits until the value fulfils `condition`.
    func wait(until condition: @escaping @Sendable (Value) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isFulfilled = state.withLock { state in
                if condition(state.value) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if isFulfilled { continuation.resume() }
        }
    }
}
