// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The clocks of a run, in nanoseconds.
enum WallClock {
    /// `CLOCK_REALTIME`, on which reminders are due.
    static var nanoseconds: Int64 { read(CLOCK_REALTIME) }
    /// `CLOCK_MONOTONIC`, for intervals.
    static var monotonicNanoseconds: Int64 { read(CLOCK_MONOTONIC) }

    /// What the calling thread has used of a core, for loops that only compute.
    static var threadNanoseconds: Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Blocks the calling thread until the wall clock shows an instant.
    static func sleep(until nanoseconds: Int64) {
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
        while clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// Blocks the calling thread for a while.
    static func sleep(milliseconds: Int64) {
        sleep(until: nanoseconds + milliseconds * 1_000_000)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
