// SPDX-License-Identifier: Apache-2.0

public import BasicContainers

/// Timers waiting for their tick: eight levels of 64 slots, 128 µs at the lowest.
///
/// | level | a slot lasts | the level spans |
/// |------:|-------------:|----------------:|
/// | 0 | 128 µs | 8.2 ms |
/// | 1 | 8.2 ms | 0.52 s |
/// | 2 | 0.52 s | 34 s |
/// | 3 | 34 s | 36 min |
/// | 4 | 36 min | 38 h |
/// | 5 | 38 h | 102 d |
/// | 6 | 102 d | 17.8 y |
/// | 7 | 17.8 y | 1,142 y |
///
/// A timer waits in the slot that `WheelSlot` finds for it. When now reaches a slot of a higher
/// level, its timers *cascade*: each moves to a finer slot, or expires. A bitmap for each level
/// finds the next occupied slot in one instruction, so that time in which nothing happens costs
/// nothing, however long it is.
///
/// Cancelling forgets the timer; its entry stays in the slot until now reaches it, or until such
/// entries outnumber the waiting timers and are swept out together.
///
/// The wheel reads no clock; its owner says what time it is, so a test can too. Timers with the
/// same due tick fire in the order in which they were inserted. A timer with a payload of up to four
/// bytes takes 16 bytes in its slot, four in its record, and four more once the record is free.
/// They are kept in a `UniqueArray`: `Array` asks at each write whether it is shared, and that cost
/// as much as the few words which the wheel writes for each timer and level.
///
/// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1997).
public struct TimingWheel<Payload: BitwiseCopyable>: ~Copyable {
    /// How many timers a wheel can hold; positions in its arrays have 32 bits.
    @inlinable public static var maximumCount: Int { 1 << 30 }

    @usableFromInline var reached: Tick
    @usableFromInline var records = TimerRecords()
    @usableFromInline var pool = EntryPool<Payload>()
    @usableFromInline var slots = UniqueArray<EntryQueue>(minimumCapacity: WheelSlot.count)
    /// For each level, which of its slots have entries.
    @usableFromInline var occupied = InlineArray<8, UInt64>(repeating: 0)
    /// What is due now, while `advance` fires it.
    @usableFromInline var expired = EntryQueue()
    /// How many entries belong to cancelled timers.
    @usableFromInline var forgotten = 0

    /// Makes an empty wheel whose time is `now`, or `Tick.horizon` if that is earlier.
    @inlinable
    public init(now: Tick) {
        reached = min(now, .horizon)
        for _ in 0..<WheelSlot.count { slots.append(EntryQueue()) }
    }

    /// The tick up to which everything has fired, unless `advance` was held back by its limit.
    @inlinable
    public var now: Tick { reached }

    /// How many timers are waiting.
    @inlinable
    public var count: Int { records.count }

    /// When to call `advance` next, or nil if nothing waits; nothing expires before this tick.
    ///
    /// Within 8 ms of the next timer, or if that is alone in its slot, it is the due tick.
    /// Otherwise it may be earlier, and the call then only cascades.
    @inlinable
    public var nextExpiration: Tick? {
        guard count > 0 else { return nil }
        guard expired.isEmpty else { return reached }
        guard let slot = firstSlot else { return nil }
        return soleDue(in: slot) ?? slot.start(now: reached)
    }

    /// Adds `payload`, to expire at `due`, in O(1).
    ///
    /// - Throws: `.elapsed` if `due` is not after `now`; `.beyondRange` after `Tick.horizon`;
    ///   `.full` beyond `maximumCount`.
    @inlinable
    public mutating func insert(_ payload: Payload, at due: Tick) throws(InsertError) -> TimerID {
        guard due > reached else { throw .elapsed }
        guard due <= .horizon else { throw .beyondRange }
        guard count < Self.maximumCount else { throw .full }
        let id = records.insert()
        place(Entry(due: due, record: id.index, payload: payload))
        return id
    }

    /// Takes a timer out before it fires, in O(1) on average.
    ///
    /// - Returns: false if it has fired, was cancelled, or was never in this wheel.
    @inlinable @discardableResult
    public mutating func cancel(_ id: TimerID) -> Bool {
        guard records.cancel(id) else { return false }
        forgotten &+= 1
        if forgotten > count &+ WheelSlot.count { sweep(now: reached) }
        return true
    }

    /// Fires what is due by `tick`, in the order of due ticks, and moves `now` there.
    ///
    /// The cost is that of the timers which fire or cascade, not of the ticks that pass. A tick
    /// before `now` changes nothing.
    ///
    /// - Parameters:
    ///   - tick: The clock, rounded down.
    ///   - limit: How many timers may fire in this call.
    ///   - body: Receives the payload of each timer that fires.
    /// - Returns: Whether everything due by `tick` has fired. If not, `now` stays at the tick that
    ///   is being fired, and the next call goes on from there.
    @inlinable @discardableResult
    public mutating func advance(
        to tick: Tick,
        limit: Int = .max,
        _ body: (Payload) -> Void
    ) -> Bool {
        let tick = min(tick, .horizon)
        guard tick >= reached else { return true }
        var allowance = limit
        repeat {
            while let entry = pool.first(of: expired) {
                guard mayFire(entry, &allowance) else { return false }
                pool.removeFirst(of: &expired)
                if records.release(entry.record) { body(entry.payload) } else { forgotten &-= 1 }
            }
        } while openNextSlot(by: tick)
        reached = tick
        return true
    }

    /// Moves `now` back, for a wall clock that was set back, in O(n).
    ///
    /// No timer changes its due tick. A tick that is not before `now` changes nothing; that is what `advance` is for.
    public mutating func reset(now tick: Tick) {
        if tick < reached { sweep(now: tick) }
    }
}

extension TimingWheel: Sendable where Payload: Sendable {}

extension TimingWheel {
    /// The first occupied slot; everything in it is due before everything elsewhere.
    @inlinable
    var firstSlot: WheelSlot? {
        for level in 0..<WheelSlot.levels where occupied[level] != 0 {
            return WheelSlot(level: level, digit: UInt64(occupied[level].trailingZeroBitCount))
        }
        return nil
    }

    /// The due tick of an occupied slot's only entry, if it has only one.
    @inlinable
    func soleDue(in slot: WheelSlot) -> Tick? {
        let queue = slots[slot.index]
        return queue.head == queue.tail ? pool.entries[Int(queue.head)].due : nil
    }

    /// Whether an entry that is due may leave: it was cancelled, or the allowance is not used up.
    @inlinable
    func mayFire(_ entry: Entry<Payload>, _ allowance: inout Int) -> Bool {
        guard records.isWaiting(entry.record) else { return true }
        allowance &-= 1
        return allowance >= 0
    }

    /// Moves now to the next slot, and its entries to finer slots or to `expired`.
    ///
    /// An entry that is alone in its slot skips the levels between: now moves straight to it.
    ///
    /// - Returns: false if no slot begins by `tick`.
    @inlinable
    mutating func openNextSlot(by tick: Tick) -> Bool {
        guard let slot = firstSlot else { return false }
        let start = slot.start(now: reached)
        guard start <= tick else { return false }
        reached = soleDue(in: slot).map { min($0, tick) } ?? start
        let queue = take(slot)
        if slot.level == 0 {
            expired = queue
        } else {
            placeAll(of: queue)
        }
        return true
    }

    /// Empties a slot.
    @inlinable
    mutating func take(_ slot: WheelSlot) -> EntryQueue {
        occupied[slot.level] &= ~slot.bit
        let queue = slots[slot.index]
        slots[slot.index] = EntryQueue()
        return queue
    }

    /// Moves the entries of a queue to where they belong now.
    @inlinable
    mutating func placeAll(of queue: EntryQueue) {
        var queue = queue
        while !queue.isEmpty {
            let run = pool.firstRun(of: queue)
            for position in run { place(pool.entries[position]) }
            pool.removeRun(run, of: &queue)
        }
    }

    /// Adds an entry to the slot to which it belongs now, or to `expired`.
    @inlinable
    mutating func place(_ entry: Entry<Payload>) {
        guard entry.due > reached else { return pool.push(entry, to: &expired) }
        let slot = WheelSlot(due: entry.due, now: reached)
        occupied[slot.level] |= slot.bit
        pool.push(entry, to: &slots[slot.index])
    }

    /// Places every entry as of another now, and drops those of cancelled timers, in O(n).
    @inlinable
    mutating func sweep(now tick: Tick) {
        var queues = [expired]
        expired = EntryQueue()
        while let slot = firstSlot { queues.append(take(slot)) }
        reached = tick
        for var queue in queues {
            while let entry = pool.first(of: queue) {
                pool.removeFirst(of: &queue)
                if records.isWaiting(entry.record) {
                    place(entry)
                } else {
                    _ = records.release(entry.record)
                    forgotten &-= 1
                }
            }
        }
    }
}
