// SPDX-License-Identifier: Apache-2.0

/// Where this module's waiting is done: timers of the loop, or a test's own.
package protocol DelayedRunner: Sendable {
    /// Calls `body` once, on any thread, when at least `delay` has passed; it must not block.
    func run(after delay: Duration, _ body: @escaping @Sendable () -> Void)
}

extension DelayedRunner {
    /// Waits for `delay`, or for the cancellation of the task.
    func pause(for delay: Duration) async {
        await Signal().wait(atMost: delay, on: self)
    }
}
