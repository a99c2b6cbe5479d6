// SPDX-License-Identifier: Apache-2.0

public import BasicContainers

/// Whether each timer still waits, and which use of its record it is.
///
/// A timer that fires reads one bit: the bits of a million timers fit in a core's own cache, where
/// a check of the generation would wait for memory each time.
@usableFromInline
struct TimerRecords: ~Copyable, Sendable {
    @usableFromInline var generations = UniqueArray<UInt32>()
    /// One bit a record: set from insertion until the timer fires or is cancelled.
    @usableFromInline var waiting = UniqueArray<UInt64>()
    /// The records that no entry refers to, the one freed last at the end.
    @usableFromInline var free = UniqueArray<UInt32>()
    /// How many timers wait.
    @usableFromInline var count = 0

    @inlinable
    init() {}

    /// Makes a record for a timer.
    @inlinable
    mutating func insert() -> TimerID {
        count &+= 1
        if let index = free.popLast() {
            let generation = generations[Int(index)] &+ 1
            generations[Int(index)] = generation
            waiting[Int(index >> 6)] |= 1 &<< UInt64(index & 63)
            return TimerID(index: index, generation: generation)
        }
        let index = UInt32(truncatingIfNeeded: generations.count)
        generations.append(0)
        if index & 63 == 0 { waiting.append(0) }
        waiting[Int(index >> 6)] |= 1 &<< UInt64(index & 63)
        return TimerID(index: index, generation: 0)
    }

    /// Ends the wait of a timer, or returns false if it waits no longer.
    @inlinable
    mutating func cancel(_ id: TimerID) -> Bool {
        let isCurrent = id.index < generations.count && generations[Int(id.index)] == id.generation
        return isCurrent && end(id.index)
    }

    /// Frees the record of an entry that has left the wheel, and ends the wait of its timer.
    ///
    /// - Returns: false if the timer was cancelled.
    @inlinable
    mutating func release(_ index: UInt32) -> Bool {
        free.append(index)
        return end(index)
    }

    @inlinable
    func isWaiting(_ index: UInt32) -> Bool {
        waiting[Int(index >> 6)] & 1 &<< UInt64(index & 63) != 0
    }

    @inlinable
    mutating func end(_ index: UInt32) -> Bool {
        guard isWaiting(index) else { return false }
        waiting[Int(index >> 6)] ^= 1 &<< UInt64(index & 63)
        count &-= 1
        return true
    }
}
