// SPDX-License-Identifier: Apache-2.0

import PunctualWheel
import Testing

/// Random histories of a wheel, each compared step by step with a sorted array.
@Suite struct TimingWheelPropertyTests {
    @Test func `behaves like a sorted array, whatever the history`() throws {
        for seed in UInt64(1)...4_000 {
            var history = History(seed: seed)
            let failure = try history.run(steps: 40, checkEvery: 20)
            if let failure {
                Issue.record("seed \(seed): \(failure)")
                break
            }
        }
    }

    @Test func `stays right over a long history`() throws {
        for seed in UInt64(900_001)...900_003 {
            var history = History(seed: seed)
            #expect(try history.run(steps: 2_000, checkEvery: 97) == nil, "seed \(seed)")
        }
    }
}

/// The slow oracle: every timer in the order in which it must fire.
private struct SortedTimers {
    struct Timer {
        var due: Tick
        var payload: UInt64
        var id: TimerID
    }

    private(set) var timers: [Timer] = []

    mutating func insert(_ timer: Timer) {
        let place = timers.lastIndex { $0.due <= timer.due }.map { $0 + 1 } ?? 0
        timers.insert(timer, at: place)
    }

    mutating func remove(at index: Int) -> Timer {
        timers.remove(at: index)
    }

    mutating func fire(by tick: Tick, limit: Int) -> [UInt64] {
        let due = timers.prefix { $0.due <= tick }.prefix(limit).map(\.payload)
        timers.removeFirst(due.count)
        return due
    }
}

private struct History: ~Copyable {
    private var random: SplitMix64
    private var wheel: TimingWheel<UInt64>
    private var oracle = SortedTimers()
    private var gone: [TimerID] = []
    private var payloads: UInt64 = 0

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        wheel = TimingWheel(
            now: Tick(
                rawValue: random.next()
                    >> UInt64.random(
                        in: 17...60,
                        using: &random
                    )
            )
        )
    }

    /// Makes random steps and says what the first wrong one did.
    mutating func run(steps: Int, checkEvery interval: Int) throws -> String? {
        for step in 0..<steps {
            let failure =
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<9: try insert()
                case 9..<10: try insertHerd()
                case 10..<14: cancel()
                case 14..<15: cancelAgain()
                case 15..<19: advance()
                default: reset()
                }
            if let failure { return "step \(step): \(failure)" }
            guard wheel.count == oracle.timers.count else { return "step \(step): count" }
            let violations = step % interval == interval - 1 ? wheel.invariantViolations : []
            if let violation = violations.first { return "step \(step): \(violation)" }
            if let failure = checkNextExpiration() { return "step \(step): \(failure)" }
        }
        return nil
    }

    /// A tick after now, at every scale, often on the edge of a slot.
    private mutating func someTick() -> Tick {
        let distance = random.next() >> UInt64.random(in: 16...63, using: &random)
        var tick = wheel.now.rawValue &+ distance
        if Bool.random(using: &random) {
            let edge = UInt64(1) << UInt64.random(in: 0...47, using: &random)
            tick = tick / edge * edge &+ UInt64.random(in: 0...2, using: &random) &- 1
        }
        return Tick(rawValue: tick)
    }

    private mutating func insert() throws -> String? {
        try insert(at: someTick())
    }

    private mutating func insert(at due: Tick) throws -> String? {
        payloads += 1
        let expected: InsertError? =
            due <= wheel.now ? .elapsed : due > .horizon ? .beyondRange : nil
        do throws(InsertError) {
            let id = try wheel.insert(payloads, at: due)
            oracle.insert(.init(due: due, payload: payloads, id: id))
            return expected == nil ? nil : "took \(due.rawValue) at \(wheel.now.rawValue)"
        } catch {
            return error == expected ? nil : "insert threw \(error)"
        }
    }

    private mutating func insertHerd() throws -> String? {
        let due = someTick()
        for _ in 0..<Int.random(in: 1...150, using: &random) {
            if let failure = try insert(at: due) { return failure }
        }
        return nil
    }

    private mutating func cancel() -> String? {
        for _ in 0..<Int.random(in: 1...40, using: &random) where !oracle.timers.isEmpty {
            let index = Int.random(in: oracle.timers.indices, using: &random)
            let timer = oracle.remove(at: index)
            gone.append(timer.id)
            guard wheel.cancel(timer.id) else { return "cancel" }
        }
        return nil
    }

    private mutating func cancelAgain() -> String? {
        guard let id = gone.randomElement(using: &random) else { return nil }
        return !wheel.cancel(id) ? nil : "cancelled a timer that was gone"
    }

    private mutating func advance() -> String? {
        let isBounded = Bool.random(using: &random)
        let limit = isBounded ? Int.random(in: 0...50, using: &random) : .max
        let tick = Bool.random(using: &random) ? someTick() : wheel.nextExpiration ?? wheel.now
        let before = wheel.now
        gone += oracle.timers.prefix { $0.due <= tick }.prefix(limit).map(\.id)
        let expected = oracle.fire(by: tick, limit: limit)
        var fired: [UInt64] = []
        let isComplete = wheel.advance(to: tick, limit: limit) { fired.append($0) }
        guard fired == expected else { return "advance fired \(fired), not \(expected)" }
        let isExpectedComplete = oracle.timers.first.map { $0.due > tick } ?? true
        if isComplete {
            guard isExpectedComplete else { return "advance forgot something" }
            return wheel.now == max(before, min(tick, .horizon)) ? nil : "advance left now"
        }
        return isExpectedComplete ? "advance did not see that it was done" : nil
    }

    private mutating func reset() -> String? {
        let back = random.next() >> UInt64.random(in: 20...63, using: &random)
        let target = Tick(rawValue: wheel.now.rawValue - min(back, wheel.now.rawValue))
        wheel.reset(now: target)
        return wheel.now == target ? nil : "reset left now"
    }

    private func checkNextExpiration() -> String? {
        guard let first = oracle.timers.first else {
            return wheel.nextExpiration == nil ? nil : "nothing waits, yet there is a next tick"
        }
        guard let next = wheel.nextExpiration else { return "no next tick" }
        return next <= first.due && next >= wheel.now ? nil : "the next tick is too late"
    }
}

/// The generator of a seed's history: SplitMix64 (Steele, Lea and Flood, 2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
