// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime
internal import Synchronization

/// Stands for the engine until it exists: the engine needs the tasks, and the tasks need it.
final class LateHints: EngineHints {
    private let target = Mutex<any EngineHints>(AbsentEngine())

    /// Passes everything on to `target` from now on.
    func resolve(to target: some EngineHints) { self.target.withLock { $0 = target } }

    func hint(shard: Int16, due: WallInstant) {
        target.withLock { $0 }.hint(shard: shard, due: due)
    }

    func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> {
        await target.withLock { $0 }.withdraw(keys)
    }
}
