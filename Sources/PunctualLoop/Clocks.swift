// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// The three clocks of Linux that the engine reads, as plain numbers whose unit ends the name.
package enum Clocks {
    /// Wall-clock time in microseconds since the Unix epoch, rounded down; it can step.
    package static func realtimeMicroseconds() -> Int64 {
        let now = punctual_clock_now(CLOCK_REALTIME)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }

    /// Nanoseconds since an arbitrary start; never steps, and stands still during a suspend.
    package static func monotonicNanoseconds() -> UInt64 {
        nanoseconds(of: CLOCK_MONOTONIC)
    }

    /// Nanoseconds since boot; never steps, and counts a suspend, as lease deadlines must.
    package static func boottimeNanoseconds() -> UInt64 {
        nanoseconds(of: CLOCK_BOOTTIME)
    }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        let now = punctual_clock_now(clock)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }
}
