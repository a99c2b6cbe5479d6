// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// Why a wall timer called.
package enum WallTimerEvent: Sendable, Hashable {
    /// The instant it was armed for has come.
    case fired
    /// The wall clock was set; read it and arm the timer again.
    case clockStepped
}

/// A timer on the wall clock with microsecond grain: never early, and woken when the clock is set.
///
/// It is a `timerfd` with `TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET` (timerfd_create(2))
/// watched by the loop. It may be made and used from any thread; `onFire` is called on the
/// loop's, directly from the descriptor's callback.
package final class WallTimer: @unchecked Sendable {
    // @unchecked: `descriptor` is touched only on the loop's thread once `init` has returned.

    /// The year 2200, where a disarmed timer rests, because only an armed one notices a clock step.
    private static let restMicroseconds: Int64 = 7_258_118_400_000_000

    private let loop: LoopExecutor
    private let onFire: @Sendable (WallTimerEvent) -> Void
    private var watcher: DescriptorWatcher?
    private var descriptor: Int32

    /// Makes a disarmed timer, which already reports clock steps.
    ///
    /// - Throws: the refusal of the system, for want of descriptors.
    package init(
        loop: LoopExecutor,
        onFire: @escaping @Sendable (WallTimerEvent) -> Void
    ) throws(UVError) {
        self.loop = loop
        self.onFire = onFire
        descriptor = punctual_wall_timer_create()
        try UVError.check(descriptor, "making a wall-clock timer")
        watcher = DescriptorWatcher(loop: loop, descriptor: descriptor) { [weak self] _ in
            self?.expired()
        }
        watcher?.update(.readable)
        disarm()
    }

    deinit {
        loop.perform { [watcher, descriptor] in Self.close(watcher, descriptor) }
    }

    /// Arms the timer, in place of what it was armed for; an instant that has passed fires at once.
    package func arm(microsecondsSinceEpoch due: Int64) {
        let due = max(1, due)
        loop.perform { [self] in
            guard descriptor >= 0 else { return }
            // Cannot fail: the descriptor is ours and the time is normalised.
            _ = punctual_wall_timer_arm(descriptor, due / 1_000_000, due % 1_000_000 * 1_000)
        }
    }

    /// Lets the timer rest; it still reports clock steps.
    package func disarm() {
        arm(microsecondsSinceEpoch: Self.restMicroseconds)
    }

    /// Ends the timer for good; idempotent, and done by `deinit` too.
    package func close() {
        loop.perform { [self] in
            Self.close(watcher, descriptor)
            watcher = nil
            descriptor = -1
        }
    }

    /// Calls `onFire` on the loop as if the kernel had reported `event`, for tests of clock steps.
    package func inject(_ event: WallTimerEvent) {
        loop.perform { [onFire] in onFire(event) }
    }

    private func expired() {
        guard descriptor >= 0 else { return }
        switch punctual_wall_timer_read(descriptor) {
        case 1: onFire(.fired)
        case -ECANCELED: onFire(.clockStepped)
        default: break  // Armed anew between the wake-up and the read: nothing has expired.
        }
    }

    private static func close(_ watcher: DescriptorWatcher?, _ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        watcher?.close()
        CLibuv.close(descriptor)
    }
}
