// SPDX-License-Identifier: Apache-2.0

import CProbes

/// What the same work costs with libuv's timers, which lie in a binary heap.
enum LibuvTimers {
    /// Nanoseconds a timer.
    struct Figures {
        var insert, cancel, fire: Double
    }

    /// Starts, stops, starts again and fires `count` timers, due at random within a second.
    static func measure(count: Int) throws -> Figures {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        let timers = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: count)
        defer {
            loop.deallocate()
            timers.deallocate()
        }
        guard uv_loop_init(loop) == 0 else { throw BenchError("libuv could not make a loop") }
        for index in 0..<count { uv_timer_init(loop, timers + index) }
        var random = SplitMix64(state: 1)
        let timeouts = (0..<count).map { _ in random.next() % 1_000 + 1 }
        var clock = Stopwatch()

        for index in 0..<count { uv_timer_start(timers + index, { _ in }, timeouts[index], 0) }
        let insert = clock.lap() / Double(count)
        for index in 0..<count { uv_timer_stop(timers + index) }
        let cancel = clock.lap() / Double(count)

        for index in 0..<count { uv_timer_start(timers + index, { _ in }, timeouts[index], 0) }
        WallClock.sleep(milliseconds: 1_100)
        uv_update_time(loop)
        _ = clock.lap()
        uv_run(loop, UV_RUN_DEFAULT)
        let fire = clock.lap() / Double(count)

        for index in 0..<count {
            UnsafeMutableRawPointer(timers + index).withMemoryRebound(
                to: uv_handle_t.self,
                capacity: 1
            ) { uv_close($0, nil) }
        }
        uv_run(loop, UV_RUN_DEFAULT)
        guard uv_loop_close(loop) == 0 else { throw BenchError("libuv did not close its loop") }
        return Figures(insert: insert, cancel: cancel, fire: fire)
    }
}
