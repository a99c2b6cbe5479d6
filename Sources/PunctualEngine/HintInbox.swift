// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime
internal import Synchronization

/// Hints from other threads, the earliest of each shard, until the loop takes them.
final class HintInbox: Sendable {
    private let hints = Mutex<[Int16: WallInstant]>([:])

    /// Keeps a hint; answers whether the loop must be woken for it.
    func add(shard: Int16, due: WallInstant) -> Bool {
        hints.withLock { hints in
            defer { hints[shard] = min(due, hints[shard] ?? due) }
            return hints.isEmpty
        }
    }

    func takeAll() -> [Int16: WallInstant] {
        hints.withLock { hints in
            defer { hints = [:] }
            return hints
        }
    }
}
