// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualEngine
internal import PunctualLoop
internal import PunctualStore
internal import PunctualTime
internal import Synchronization

/// Passes hints on to whoever owns the shard: to the engine of this process by a call, to those of
/// others by a notification, one for all that gather while the last one is on its way.
///
/// A notification that fails is not repeated: the owner finds out with its next renewal.
final class HintRelay: EngineHints {
    /// The least time between two notifications.
    private static let interval = Duration.milliseconds(10)
    /// What is due later than this the owner's renewals find in time, a second apart.
    private static let reach = Duration.seconds(10)

    private let engine: ReminderEngine?
    private let operations: PostgresOperations
    private let clock: WallClock
    private let timer: LoopDelayedRunner
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var waiting = RemoteHints()
        /// Whether a notification is on its way, or was within the interval.
        var isBusy = false
    }

    /// Makes a relay over the database that all processes share; `engine` is this process's own.
    init(
        to engine: ReminderEngine?,
        _ pools: DatabasePools,
        _ clock: @escaping WallClock,
        _ loop: LoopExecutor,
        _ logger: Logger
    ) {
        (self.engine, self.clock) = (engine, clock)
        operations = PostgresOperations(pool: pools.engine)
        (timer, self.logger) = (LoopDelayedRunner(loop: loop), logger)
    }

    func hint(shard: Int16, due: WallInstant) {
        if let engine, engine.owns(shard) { return engine.hint(shard: shard, due: due) }
        guard due < clock().advanced(by: Self.reach) else { return }
        tell { $0.add(shard: shard, due: due) }
    }

    func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> {
        let confirmed = await engine?.withdraw(keys) ?? []
        // Only an owner in this process can confirm; another one is told, and need not answer.
        let others = keys.filter { key in !(engine.map { $0.owns(key.shard) } ?? false) }
        if !others.isEmpty { tell { $0.add(withdrawn: others) } }
        return confirmed
    }

    private func tell(_ add: (inout RemoteHints) -> Void) {
        let isFirst = state.withLock { state in
            add(&state.waiting)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isFirst { notify() }
    }

    /// Sends what has gathered, and again after the interval if more has by then.
    private func notify() {
        let hints = state.withLock { state in
            defer { state.waiting = RemoteHints() }
            return state.waiting
        }
        // Nobody waits for it: whoever made the change has his answer already.
        Task { [self] in
            do { try await operations.notifyOwners(hints.lines) } catch {
                logger.debug("owners not notified", metadata: ["error": "\(error)"])
            }
            timer.run(after: Self.interval) { [self] in
                let haveMore = state.withLock { state in
                    state.isBusy = !state.waiting.isEmpty
                    return state.isBusy
                }
                if haveMore { notify() }
            }
        }
    }
}
