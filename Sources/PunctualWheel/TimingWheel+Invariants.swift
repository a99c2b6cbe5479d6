// SPDX-License-Identifier: Apache-2.0

private import BasicContainers

extension TimingWheel {
    /// What is wrong with the wheel, one sentence each; empty for every wheel, always.
    ///
    /// For tests. It looks at every slot and every record, so that damage shows where it was done
    /// and not where it is felt.
    package var invariantViolations: [String] {
        var violations: [String] = []
        var records: [UInt32] = []
        var blocks = 0
        for level in 0..<WheelSlot.levels {
            for digit in UInt64(0)..<64 {
                let slot = WheelSlot(level: level, digit: digit)
                let queue = slots[slot.index]
                check(slot, isEmpty: queue.isEmpty, into: &violations)
                let entries = pool.walk(queue, blocks: &blocks)
                records += entries.map(\.record)
                for entry in entries
                where entry.due <= now || WheelSlot(due: entry.due, now: now) != slot {
                    violations.append("level \(level), slot \(digit): due \(entry.due.rawValue)")
                }
            }
        }
        for entry in pool.walk(expired, blocks: &blocks) {
            records.append(entry.record)
            if entry.due != now { violations.append("expired: due \(entry.due.rawValue)") }
        }
        check(records: records, into: &violations)
        if blocks + pool.freeBlocks != pool.following.count {
            violations.append("\(blocks) blocks used, \(pool.freeBlocks) free, others lost")
        }
        return violations
    }

    private func check(_ slot: WheelSlot, isEmpty: Bool, into violations: inout [String]) {
        if (occupied[slot.level] & slot.bit == 0) != isEmpty {
            violations.append("the bitmap is wrong about \(slot)")
        }
        if !isEmpty, slot.start(now: now) <= now {
            violations.append("\(slot) has begun by now")
        }
    }

    /// Each record has one entry or is free; those whose bit is set wait, the others are forgotten.
    private func check(records entries: [UInt32], into violations: inout [String]) {
        var waiting = 0
        for record in entries where records.isWaiting(record) { waiting += 1 }
        if waiting != count || entries.count != count + forgotten {
            violations.append("\(entries.count) entries, \(waiting) wait, \(count) counted")
        }
        var bits = 0
        for word in records.waiting.indices { bits += records.waiting[word].nonzeroBitCount }
        if bits != count {
            violations.append("a bit is set for a record without an entry")
        }
        var known = entries
        for index in records.free.indices { known.append(records.free[index]) }
        if known.sorted() != Array(0..<UInt32(records.generations.count)) {
            violations.append("a record is in use twice, or lost")
        }
        if forgotten > count + WheelSlot.count {
            violations.append("\(forgotten) cancelled entries were not swept")
        }
    }
}

extension EntryPool {
    /// The entries of a queue in order; `blocks` grows by the number of its blocks.
    fileprivate func walk(_ queue: EntryQueue, blocks: inout Int) -> [Entry<Payload>] {
        guard !queue.isEmpty else { return [] }
        var found: [Entry<Payload>] = []
        var position = queue.head
        blocks += 1
        while found.count < entries.count {
            found.append(entries[Int(position)])
            if position == queue.tail { break }
            if position & 63 == 63 {
                position = following[Int(position >> 6)] << 6
                blocks += 1
            } else {
                position += 1
            }
        }
        return found
    }

    /// The length of the list of free blocks; too long if the list is circular.
    fileprivate var freeBlocks: Int {
        var length = 0
        var block = freeBlock
        while block != .max, length <= following.count {
            length += 1
            block = following[Int(block)]
        }
        return length
    }
}
