// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualDelivery
internal import PunctualEngine
internal import Synchronization

/// Whether other processes may release events over the same database.
///
/// Alone is who owns every shard and sees no other process listen: whoever releases anything
/// either owns shards or listens.
struct Neighbours: Sendable {
    let engine: ReminderEngine?
    let relay: OutboxRelay
    let shards: Int

    /// Whether nothing comes from another process; as of the last second.
    var isAlone: Bool {
        guard let engine else { return false }
        return engine.status.shards == shards && !relay.hasListeners
    }
}

/// Wakes whoever looks for completed tasks soon after this process has logged one, and once for
/// all that are logged meanwhile.
final class CompletionWakeUp: Sendable {
    /// How long others may join.
    private static let delay = Duration.milliseconds(200)

    private struct State {
        var wake: (@Sendable () -> Void)?
        var isDue = false
    }
    private let state = Mutex(State())
    private let timer: LoopDelayedRunner

    /// Makes one that wakes nobody yet.
    init(timer: LoopDelayedRunner) { self.timer = timer }

    /// Wakes by `wake` from now on; it must not block.
    func resolve(to wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// Says that a completion was logged.
    func signal() {
        let isFirst = state.withLock { state in
            defer { state.isDue = state.wake != nil }
            return state.wake != nil && !state.isDue
        }
        guard isFirst else { return }
        timer.run(after: Self.delay) { [self] in
            let wake = state.withLock { state in
                state.isDue = false
                return state.wake
            }
            wake?()
        }
    }
}
