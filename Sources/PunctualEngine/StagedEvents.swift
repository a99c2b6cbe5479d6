// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime
internal import PunctualWheel

/// The events that an engine has staged, from the stage to the acknowledgement.
///
/// A flat array of slots with a free list; the wheel's payload is a slot's position, so that a
/// timer costs no allocation. A slot is found by the id of its reminder, which is unique.
struct StagedEvents {
    /// Where an event is on its way.
    enum Phase {
        case waiting, ready, reading, rollingOver, released

        /// Whether it can still be taken back.
        var isUnreleased: Bool { self == .waiting || self == .ready || self == .reading }
    }

    /// One event.
    struct Slot {
        var event: StagedEvent
        var epoch: Int64
        var phase: Phase
        /// Whether it was left behind by a former owner, who may have released it.
        var isRecovered: Bool
        /// Whether the payload was left in the database for want of memory.
        var isSpilled: Bool
        var timer: TimerID?
    }

    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var positions: [OutboxKey: Int] = [:]
    /// The bytes of payload in memory.
    private(set) var bytes = 0
    /// How many are released and not acknowledged.
    private(set) var unacknowledged = 0

    /// How many there are.
    var count: Int { positions.count }

    /// The slot of an event.
    func position(of key: OutboxKey) -> Int? { positions[key] }

    /// Adds an event, without its payload when `bytes` would exceed `maximumBytes`.
    mutating func add(_ slot: Slot, maximumBytes: Int) -> Int {
        var slot = slot
        let size = slot.event.payload.utf8.count
        if bytes + size > maximumBytes {
            slot.isSpilled = true
            slot.event.payload = ""
        } else {
            bytes += size
        }
        let position = free.popLast() ?? slots.count
        if position == slots.count { slots.append(slot) } else { slots[position] = slot }
        positions[slot.event.key] = position
        return position
    }

    /// The event in a slot that is known to be taken.
    subscript(position: Int) -> Slot {
        get {
            guard let slot = slots[position] else { preconditionFailure("an empty slot was kept") }
            return slot
        }
        set {
            bytes += newValue.event.payload.utf8.count
            if let old = slots[position] {
                bytes -= old.event.payload.utf8.count
                if old.phase == .released { unacknowledged -= 1 }
            }
            if newValue.phase == .released { unacknowledged += 1 }
            slots[position] = newValue
        }
    }

    /// Whether the slot is taken: one that was withdrawn while it waited in a queue is not.
    func isTaken(_ position: Int) -> Bool { slots[position] != nil }

    /// Empties a slot.
    @discardableResult
    mutating func remove(at position: Int) -> Slot {
        let slot = self[position]
        bytes -= slot.event.payload.utf8.count
        if slot.phase == .released { unacknowledged -= 1 }
        slots[position] = nil
        positions[slot.event.key] = nil
        free.append(position)
        return slot
    }

    /// The positions of all events of a shard.
    func positions(inShard shard: Int16) -> [Int] {
        positions.values.filter { slots[$0]?.event.key.shard == shard }
    }

    /// The earliest due of what waits or is ready.
    var earliestDue: WallInstant? {
        slots.lazy.compactMap { $0 }.filter { $0.phase != .released }.map(\.event.due).min()
    }
}
