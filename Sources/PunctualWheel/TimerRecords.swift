// SPDX-License-Identifier: Apache-2.0

/// Every timer's payload, and whether it still waits.
///
/// A timer that fires reads one bit and its payload. The bits of a million timers fit in a core's
/// own cache, and nothing is decided by the payload, so the processor fetches several at once;
/// a check of the generation would wait for memory each time.
@usableFromInline
struct TimerRecords<Payload: BitwiseCopyable> {
    @usableFromInline var payloads: [Payload] = []
    @usableFromInline var generations: [UInt32] = []
    /// One bit a record: set from insertion until the timer fires or is cancelled.
    @usableFromInline var waiting: [UInt64] = []
    /// The records that no entry refers to, the one freed last at the end.
    @usableFromInline var free: [UInt32] = []
    /// How many timers wait.
    @usableFromInline var count = 0

    @inlinable
    init() {}

    /// Makes a record for a timer.
    @inlinable
    mutating func insert(_ payload: Payload) -> TimerID {
        count &+= 1
        if let index = free.popLast() {
            payloads[Int(index)] = payload
            let generation = generations[Int(index)] &+ 1
            generations[Int(index)] = generation
            waiting[Int(index >> 6)] |= 1 &<< UInt64(index & 63)
            return TimerID(index: index, generation: generation)
        }
        let index = UInt32(truncatingIfNeeded: payloads.count)
        payloads.append(payload)
        generations.append(0)
        if index & 63 == 0 { waiting.append(0) }
        waiting[Int(index >> 6)] |= 1 &<< UInt64(index & 63)
        return TimerID(index: index, generation: 0)
    }

    /// Ends the wait of a timer and returns its payload, or nil if it waits no longer.
    @inlinable
    mutating func cancel(_ id: TimerID) -> Payload? {
        let isCurrent = id.index < generations.count && generations[Int(id.index)] == id.generation
        return isCurrent ? end(id.index) : nil
    }

    /// Ends the wait of the timer of an entry that has left the wheel, and frees the record.
    @inlinable
    mutating func release(_ index: UInt32) -> Payload? {
        free.append(index)
        return end(index)
    }

    @inlinable
    func isWaiting(_ index: UInt32) -> Bool {
        waiting[Int(index >> 6)] & 1 &<< UInt64(index & 63) != 0
    }

    @inlinable
    mutating func end(_ index: UInt32) -> Payload? {
        guard isWaiting(index) else { return nil }
        waiting[Int(index >> 6)] ^= 1 &<< UInt64(index & 63)
        count &-= 1
        return payloads[Int(index)]
    }
}

extension TimerRecords: Sendable where Payload: Sendable {}
