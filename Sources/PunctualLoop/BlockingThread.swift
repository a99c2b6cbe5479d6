// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// A thread for one call that blocks.
enum BlockingThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread, which ends with it.
    static func start(_ body: @escaping @Sendable () -> Void) throws(UVError) {
        // SAFETY: the thread takes over the one reference made here, or it is given back.
        let context = unsafe Unmanaged.passRetained(Body(body))
        let result = unsafe punctual_thread_start(
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        if result != 0 {
            unsafe context.release()
            throw UVError(code: -result, operation: "starting a thread for a blocking call")
        }
    }
}
