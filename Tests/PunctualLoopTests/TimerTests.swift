// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import Testing

@Suite struct TimerTests {
    @Test(arguments: [0, 1, 3, 17]) func `a loop timer is never early`(
        milliseconds: Int
    ) async throws {
        try await withLoop { loop in
            let recorder = Recorder<UInt64>()
            let timer = LoopTimer(loop: loop) { recorder.record(Clocks.monotonicNanoseconds()) }
            for _ in 0..<10 {
                let start = Clocks.monotonicNanoseconds()
                timer.start(after: .milliseconds(milliseconds))
                let fired = try #require(await recorder.next(1).first)
                #expect(fired - start >= UInt64(milliseconds) * 1_000_000)
            }
        }
    }

    @Test func `loop timers fire in the order of their delays`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            let delays = [9, 1, 5, 13]
            let timers = delays.map { delay in
                LoopTimer(loop: loop) { recorder.record(delay) }
            }
            loop.perform {
                for (timer, delay) in zip(timers, delays) {
                    timer.start(after: .milliseconds(delay))
                }
            }
            #expect(await recorder.next(4) == [1, 5, 9, 13])
        }
    }

    @Test func `a repeating timer goes on until it is stopped`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            let timer = LoopTimer(loop: loop) { recorder.record(1) }
            timer.start(after: .milliseconds(1), every: .milliseconds(1))
            #expect(await recorder.next(3).count == 3)
            timer.stop()
        }
    }

    @Test func `a wall timer is never early, not by a microsecond`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int64>()
            let timer = try WallTimer(loop: loop) { event in
                if event == .fired { recorder.record(Clocks.realtimeMicroseconds()) }
            }
            for offset in stride(from: Int64(0), to: 5_000, by: 137) {
                let due = Clocks.realtimeMicroseconds() + offset
                timer.arm(microsecondsSinceEpoch: due)
                let fired = try #require(await recorder.next(1).first)
                #expect(fired >= due)
            }
        }
    }

    @Test(arguments: [Int64.min, -1, 0, 1]) func `a wall timer fires at once for the past`(
        due: Int64
    ) async throws {
        try await withLoop { loop in
            let recorder = Recorder<WallTimerEvent>()
            let timer = try WallTimer(loop: loop) { recorder.record($0) }
            timer.arm(microsecondsSinceEpoch: due)
            #expect(await recorder.next(1) == [.fired])
        }
    }

    @Test func `a wall timer keeps only the last instant it was armed for`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int64>()
            let timer = try WallTimer(loop: loop) { _ in
                recorder.record(Clocks.realtimeMicroseconds())
            }
            let now = Clocks.realtimeMicroseconds()
            timer.arm(microsecondsSinceEpoch: .max)
            timer.arm(microsecondsSinceEpoch: now + 3_600_000_000)
            timer.disarm()
            timer.arm(microsecondsSinceEpoch: now + 2_000)
            let fired = try #require(await recorder.next(1).first)
            #expect(fired >= now + 2_000)
        }
    }

    @Test func `an injected clock step is delivered on the loop`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Bool>()
            let timer = try WallTimer(loop: loop) { event in
                recorder.record(event == .clockStepped && loop.isOnLoop)
            }
            timer.inject(.clockStepped)
            #expect(await recorder.next(1) == [true])
        }
    }
}
