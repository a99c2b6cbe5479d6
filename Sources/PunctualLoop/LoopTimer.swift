// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// A monotonic timer of millisecond grain, one-shot or repeating; never early.
///
/// It may be made and used from any thread; `onFire` is called on the loop's.
package final class LoopTimer: Sendable {
    private let handle: LoopHandle

    /// Makes a timer that is not running.
    package init(loop: LoopExecutor, onFire: @escaping @Sendable () -> Void) {
        // SAFETY: the memory is that of a `uv_timer_t`, as its kind says.
        unsafe handle = LoopHandle(
            loop: loop,
            kind: UV_TIMER,
            initialise: { unsafe uv_timer_init($0, $1.assumingMemoryBound(to: uv_timer_t.self)) },
            onEvent: { _, _ in onFire() }
        )
    }

    deinit { close() }

    /// Starts or restarts the timer, to fire once after `delay`, rounded up to milliseconds.
    ///
    /// With an `interval` it fires again every so often until stopped.
    package func start(after delay: Duration, every interval: Duration? = nil) {
        // One more, because libuv counts from a clock that it has rounded down.
        let timeout = delay.wholeMillisecondsRoundedUp + 1
        let repetition = interval.map { max(1, $0.wholeMillisecondsRoundedUp) } ?? 0
        handle.loop.perform { [handle] in
            // SAFETY: on the loop's thread. Its cached clock is refreshed first: it may be old.
            _ = unsafe handle.use { memory in
                let timer = unsafe memory.assumingMemoryBound(to: uv_timer_t.self)
                unsafe uv_update_time(timer.pointee.loop)
                return unsafe uv_timer_start(
                    timer,
                    { unsafe LoopHandle.of($0)?.deliver(status: 0, events: 0) },
                    timeout,
                    repetition
                )
            }
        }
    }

    /// Stops the timer; it may be started again.
    package func stop() {
        handle.loop.perform { [handle] in
            // SAFETY: on the loop's thread, with the memory of a timer.
            _ = unsafe handle.use {
                unsafe uv_timer_stop($0.assumingMemoryBound(to: uv_timer_t.self))
            }
        }
    }

    /// Ends the timer for good; idempotent, and done by `deinit` too.
    package func close() {
        handle.loop.perform { [handle] in handle.close() }
    }
}

extension Duration {
    /// Zero for negative durations, and at most some 292 million years.
    fileprivate var wholeMillisecondsRoundedUp: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let milliseconds = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return min(UInt64(seconds), UInt64.max / 2_000) * 1_000 + UInt64(milliseconds)
    }
}
