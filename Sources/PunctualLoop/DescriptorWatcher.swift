// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// What a descriptor is ready for, or watched for.
package struct DescriptorEvents: OptionSet, Sendable, Hashable {
    /// libuv's event bits.
    package let rawValue: Int32

    /// Takes libuv's bits as they are.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// There is something to read, or the other side has closed.
    package static let readable = DescriptorEvents(rawValue: Int32(UV_READABLE.rawValue))
    /// Writing would not block.
    package static let writable = DescriptorEvents(rawValue: Int32(UV_WRITABLE.rawValue))
}

/// Watches a descriptor that belongs to someone else, such as a connection of a C library.
///
/// It may be made and used from any thread; `onEvent` is called on the loop's. Close the watcher
/// on the loop's thread before the descriptor itself is closed.
package final class DescriptorWatcher: @unchecked Sendable {
    // @unchecked: `watched` is touched only on the loop's thread.

    private let handle: LoopHandle
    private let onEvent: @Sendable (Result<DescriptorEvents, UVError>) -> Void
    private var watched: DescriptorEvents = []

    /// Makes a watcher that waits for nothing yet.
    ///
    /// `onEvent` gets what is ready, or a failure, after which nothing is watched.
    package init(
        loop: LoopExecutor,
        descriptor: Int32,
        onEvent: @escaping @Sendable (Result<DescriptorEvents, UVError>) -> Void
    ) {
        self.onEvent = onEvent
        // SAFETY: the memory is that of a `uv_poll_t`, as its kind says.
        unsafe handle = LoopHandle(
            loop: loop,
            kind: UV_POLL,
            initialise: {
                unsafe uv_poll_init($0, $1.assumingMemoryBound(to: uv_poll_t.self), descriptor)
            },
            onEvent: { status, events in
                if status < 0 {
                    onEvent(.failure(UVError(code: status, operation: "watching a descriptor")))
                } else {
                    onEvent(.success(DescriptorEvents(rawValue: events)))
                }
            }
        )
    }

    deinit { close() }

    /// Watches for `events` from now on, or rests if there are none; free if nothing changes.
    package func update(_ events: DescriptorEvents) {
        handle.loop.perform { [self] in
            guard events != watched else { return }
            watched = events
            // SAFETY: on the loop's thread, with the memory of a poll handle.
            let result = unsafe handle.use { memory in
                let poll = unsafe memory.assumingMemoryBound(to: uv_poll_t.self)
                guard !events.isEmpty else { return unsafe uv_poll_stop(poll) }
                return unsafe uv_poll_start(poll, events.rawValue) { handle, status, events in
                    unsafe LoopHandle.of(handle)?.deliver(status: status, events: events)
                }
            }
            if result < 0 {
                onEvent(.failure(UVError(code: result, operation: "watching a descriptor")))
            }
        }
    }

    /// Ends the watching for good; idempotent, and done by `deinit` too.
    package func close() {
        handle.loop.perform { [handle] in handle.close() }
    }
}
