// SPDX-License-Identifier: Apache-2.0

public import BasicContainers

/// What a slot knows of a timer: when it is due, its payload, and which record it has.
///
/// A record is not used again before its entry is gone, so an entry whose record no longer waits
/// belongs to a cancelled timer. The payload travels with the entry, because entries are read in
/// order: in an array of its own it would cost a cache miss at the very moment of firing.
@usableFromInline
struct Entry<Payload: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline let due: Tick
    @usableFromInline let record: UInt32
    @usableFromInline let payload: Payload

    @inlinable
    init(due: Tick, record: UInt32, payload: Payload) {
        self.due = due
        self.record = record
        self.payload = payload
    }
}

extension Entry: Sendable where Payload: Sendable {}

/// First and last position of a queue of entries in an `EntryPool`.
@usableFromInline
struct EntryQueue: BitwiseCopyable, Sendable {
    @usableFromInline var head = UInt32.max
    @usableFromInline var tail = UInt32.max

    @inlinable
    init(head: UInt32 = .max, tail: UInt32 = .max) {
        self.head = head
        self.tail = tail
    }

    @inlinable
    var isEmpty: Bool { head == .max }
}

/// The entries of all queues, in blocks of 64 within one flat array.
///
/// A queue is read and written in order, which is what makes a cascade fast: linked timers would
/// cost a cache miss each. The queues share the blocks, so that memory follows the number of
/// timers, wherever they wait.
@usableFromInline
struct EntryPool<Payload: BitwiseCopyable>: ~Copyable {
    @usableFromInline var entries = UniqueArray<Entry<Payload>>()
    /// For each block, the next one in its queue or in the list of free blocks.
    @usableFromInline var following = UniqueArray<UInt32>()
    @usableFromInline var freeBlock = UInt32.max

    @inlinable
    init() {}

    /// Adds an entry to the end of a queue.
    @inlinable
    mutating func push(_ entry: Entry<Payload>, to queue: inout EntryQueue) {
        if queue.tail & 63 != 63 {
            queue.tail &+= 1
            entries[Int(queue.tail)] = entry
            return
        }
        // The last block is full; or there is none, and the tail reads .max.
        let position = takeBlock(for: entry)
        if queue.isEmpty {
            queue.head = position
        } else {
            following[Int(queue.tail >> 6)] = position >> 6
        }
        queue.tail = position
    }

    /// The first entry of a queue, or nil if it is empty.
    @inlinable
    func first(of queue: EntryQueue) -> Entry<Payload>? {
        queue.isEmpty ? nil : entries[Int(queue.head)]
    }

    /// Removes the first entry of a queue that is not empty.
    @inlinable
    mutating func removeFirst(of queue: inout EntryQueue) {
        let position = queue.head
        if position == queue.tail {
            queue = EntryQueue()
            giveBlock(position >> 6)
        } else if position & 63 == 63 {
            queue.head = following[Int(position >> 6)] << 6
            giveBlock(position >> 6)
        } else {
            queue.head &+= 1
        }
    }

    /// The positions of a queue's entries in its first block.
    @inlinable
    func firstRun(of queue: EntryQueue) -> Range<Int> {
        let last = queue.head >> 6 == queue.tail >> 6 ? queue.tail : queue.head | 63
        return Int(queue.head)..<Int(last) + 1
    }

    /// Removes the entries of `firstRun(of:)`.
    @inlinable
    mutating func removeRun(_ run: Range<Int>, of queue: inout EntryQueue) {
        let block = queue.head >> 6
        queue =
            block == queue.tail >> 6
            ? EntryQueue() : EntryQueue(head: following[Int(block)] << 6, tail: queue.tail)
        giveBlock(block)
    }

    /// The first position of a block that no queue uses, holding `entry`.
    @inlinable
    mutating func takeBlock(for entry: Entry<Payload>) -> UInt32 {
        guard freeBlock != .max else {
            let position = UInt32(truncatingIfNeeded: entries.count)
            // Twice as much, as Array grows: what the library adds by itself leaves holes behind.
            if entries.freeCapacity < 64 { entries.reserveCapacity(2 &* entries.count &+ 64) }
            for _ in 0..<64 { entries.append(entry) }
            following.append(.max)
            return position
        }
        let block = freeBlock
        freeBlock = following[Int(block)]
        entries[Int(block << 6)] = entry
        return block << 6
    }

    @inlinable
    mutating func giveBlock(_ block: UInt32) {
        following[Int(block)] = freeBlock
        freeBlock = block
    }
}

extension EntryPool: Sendable where Payload: Sendable {}
