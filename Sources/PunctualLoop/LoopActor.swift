// SPDX-License-Identifier: Apache-2.0

/// An actor that lives on a loop's thread.
///
/// A callback of that loop re-enters it with `assumeIsolated`, without a hop; two loop actors
/// on one loop call each other without one too.
package protocol LoopActor: Actor {
    /// The loop this actor runs on; held strongly, because the runtime holds executors unowned.
    nonisolated var loop: LoopExecutor { get }
}

extension LoopActor {
    /// The loop as this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        // SAFETY: the actor holds the loop strongly, so it outlives every job of the actor.
        unsafe loop.asUnownedSerialExecutor()
    }
}
