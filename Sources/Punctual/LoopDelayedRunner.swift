// SPDX-License-Identifier: Apache-2.0

internal import PunctualDelivery
internal import PunctualLoop
internal import Synchronization

/// Lets deliveries wait on timers of the loop.
struct LoopDelayedRunner: DelayedRunner {
    /// Keeps a timer alive until it has fired.
    private final class Holder: Sendable {
        let timer = Mutex<LoopTimer?>(nil)
    }

    /// Whose timers they are.
    let loop: LoopExecutor

    func run(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        let holder = Holder()
        let timer = LoopTimer(loop: loop) {
            body()
            holder.timer.withLock { $0 = nil }
        }
        holder.timer.withLock { $0 = timer }
        timer.start(after: delay)
    }
}
