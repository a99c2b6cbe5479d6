// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Ids taken from the database a thousand at a time and handed out one by one.
///
/// What a process does not use up is lost with it: ids are unique, not dense.
final class IDBlocks: Sendable {
    /// How many ids one value of the sequence stands for; the migration says the same.
    static let blockSize: Int64 = 1_000

    private let blocks = Mutex<[ClosedRange<Int64>]>([])

    /// Adds the blocks that end with these values of the sequence.
    func add(_ values: [Int64]) {
        blocks.withLock { blocks in
            blocks += values.map { $0 - Self.blockSize + 1...$0 }
        }
    }

    /// Takes ids back that were not used; they are handed out before all others.
    func giveBack(_ ids: [Int64]) {
        guard let first = ids.first, let last = ids.last else { return }
        // Nearly always one run; one with gaps, taken from two blocks, is not worth the trouble.
        guard last - first == Int64(ids.count - 1) else { return }
        blocks.withLock { $0.insert(first...last, at: 0) }
    }

    /// Takes `count` ids, or nil when there are not so many.
    func take(_ count: Int) -> [Int64]? {
        blocks.withLock { blocks in
            guard blocks.reduce(0, { $0 + $1.count }) >= count else { return nil }
            var ids: [Int64] = []
            ids.reserveCapacity(count)
            while ids.count < count {
                let block = blocks.removeFirst()
                let part = block.prefix(count - ids.count)
                ids += part
                if part.endIndex < block.endIndex {
                    blocks.insert(block.lowerBound + Int64(part.count)...block.upperBound, at: 0)
                }
            }
            return ids
        }
    }
}
