// SPDX-License-Identifier: Apache-2.0

import PunctualWheel
import Testing

@Suite struct TimingWheelTests {
    static let now = Tick(roundingDown: 1_790_000_000_000_000)

    static func tick(_ offset: UInt64) -> Tick {
        Tick(rawValue: now.rawValue + offset)
    }

    @Test func `refuses a tick that has already elapsed`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        #expect(throws: InsertError.elapsed) { try wheel.insert(1, at: Self.now) }
        #expect(throws: InsertError.elapsed) { try wheel.insert(1, at: Tick(rawValue: 0)) }
        #expect(wheel.count == 0)
        #expect(wheel.nextExpiration == nil)
    }

    @Test func `holds a timer at the horizon and refuses one beyond`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        _ = try wheel.insert(1, at: .horizon)
        let beyond = Tick(rawValue: Tick.horizon.rawValue + 1)
        #expect(throws: InsertError.beyondRange) { try wheel.insert(2, at: beyond) }
        var fired: [UInt64] = []
        wheel.advance(to: Tick(rawValue: .max)) { fired.append($0) }
        #expect(fired == [1])
        #expect(wheel.now == .horizon)
        #expect(wheel.invariantViolations == [])
    }

    @Test(arguments: [1, 63, 64, 65, 4_095, 4_096, 262_144, 16_777_216, 1 << 30, 1 << 44])
    func `fires exactly at its tick, not one before`(offset: UInt64) throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        _ = try wheel.insert(offset, at: Self.tick(offset))
        #expect(wheel.nextExpiration == Self.tick(offset))
        wheel.advance(to: Self.tick(offset - 1)) { _ in Issue.record("early") }
        #expect(wheel.nextExpiration == Self.tick(offset))
        var fired: [UInt64] = []
        wheel.advance(to: Self.tick(offset)) { fired.append($0) }
        #expect(fired == [offset])
        #expect(wheel.count == 0)
        #expect(wheel.nextExpiration == nil)
    }

    @Test func `fires by due tick, and in order of insertion within one`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        for payload in UInt64(0)..<1_000 {
            _ = try wheel.insert(payload, at: Self.tick(5_000 - payload / 100))
        }
        var fired: [UInt64] = []
        wheel.advance(to: Self.tick(10_000)) { fired.append($0) }
        let expected = (UInt64(0)..<10).reversed().flatMap { ($0 * 100)..<(($0 + 1) * 100) }
        #expect(fired == expected)
    }

    @Test func `cancels once, and nothing by an identifier kept too long`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        let cancelled = try wheel.insert(1, at: Self.tick(10))
        #expect(wheel.cancel(cancelled) == true)
        #expect(wheel.cancel(cancelled) == false)
        #expect(wheel.count == 0)
        #expect(wheel.nextExpiration == nil)

        let fired = try wheel.insert(2, at: Self.tick(20))
        wheel.advance(to: Self.tick(20)) { _ in }
        #expect(wheel.cancel(fired) == false)
        let successor = try wheel.insert(3, at: Self.tick(30))
        #expect(wheel.cancel(fired) == false)
        #expect(wheel.cancel(cancelled) == false)
        #expect(wheel.cancel(successor) == true)
        #expect(wheel.invariantViolations == [])
    }

    @Test func `stops at its limit and goes on from there`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        for payload in UInt64(0)..<10 { _ = try wheel.insert(payload, at: Self.tick(100)) }
        let last = try wheel.insert(99, at: Self.tick(200))
        var fired: [UInt64] = []
        #expect(!wheel.advance(to: Self.tick(300), limit: 4) { fired.append($0) })
        #expect(fired == [0, 1, 2, 3])
        #expect(wheel.now == Self.tick(100))
        #expect(wheel.nextExpiration == wheel.now)
        #expect(wheel.invariantViolations == [])
        #expect(!wheel.advance(to: Self.tick(300), limit: 0) { fired.append($0) })
        #expect(wheel.cancel(last) == true)
        #expect(wheel.advance(to: Self.tick(300), limit: 6) { fired.append($0) })
        #expect(fired == Array(0..<10))
        #expect(wheel.now == Self.tick(300))
    }

    @Test func `follows a wall clock that is set back`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        for offset in [1, 70, 5_000] as [UInt64] {
            _ = try wheel.insert(offset, at: Self.tick(offset))
        }
        var fired: [UInt64] = []
        wheel.advance(to: Self.tick(1)) { fired.append($0) }
        let back = Tick(rawValue: Self.now.rawValue - 1_000_000)
        wheel.reset(now: back)
        #expect(wheel.now == back)
        #expect(wheel.invariantViolations == [])
        _ = try wheel.insert(2, at: Self.now)
        wheel.advance(to: Self.tick(69)) { fired.append($0) }
        #expect(fired == [1, 2])
        wheel.reset(now: Self.tick(100))
        #expect(wheel.now == Self.tick(69))
        wheel.advance(to: Self.tick(5_000)) { fired.append($0) }
        #expect(fired == [1, 2, 70, 5_000])
    }

    @Test func `sweeps out cancelled timers before they outnumber the others`() throws {
        var wheel = TimingWheel<UInt64>(now: Self.now)
        for round in UInt64(0)..<20_000 {
            let id = try wheel.insert(round, at: Self.tick(1 << 40 + round))
            #expect(wheel.cancel(id) == true)
        }
        #expect(wheel.invariantViolations == [])
    }
}
