// SPDX-License-Identifier: Apache-2.0

internal import CLibuv

/// One libuv handle: its memory, its callback and its single close; used on the loop's thread.
///
/// It opens itself at its first use, because it may be made on any thread. libuv refers to the
/// memory until the close callback, and holds a reference to this object as long.
@safe
final class LoopHandle: @unchecked Sendable {
    // @unchecked: the mutable properties are touched only on the loop's thread.

    let loop: LoopExecutor
    private let kind: uv_handle_type
    private let initialise: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutableRawPointer) -> Int32
    private let onEvent: @Sendable (Int32, Int32) -> Void
    private var memory: UnsafeMutableRawPointer?
    private var isClosed = false

    /// `initialise` calls the `uv_…_init` of the kind, where a negative result is a failure;
    /// `onEvent` is called with libuv's status and event bits.
    init(
        loop: LoopExecutor,
        kind: uv_handle_type,
        initialise: @escaping (UnsafeMutablePointer<uv_loop_t>, UnsafeMutableRawPointer) -> Int32,
        onEvent: @escaping @Sendable (Int32, Int32) -> Void
    ) {
        self.loop = loop
        self.kind = kind
        // SAFETY: called by `open` alone, with memory of the kind's size.
        unsafe self.initialise = initialise
        self.onEvent = onEvent
    }

    /// Calls `body` with the handle's memory, opening it first if it never was.
    ///
    /// - Returns: libuv's result, or 0 without a call if the handle or its loop is closed.
    func use(_ body: (UnsafeMutableRawPointer) -> Int32) -> Int32 {
        var result: Int32 = 0
        // SAFETY: on the loop's thread; the memory is libuv's until the close callback.
        if unsafe memory == nil { result = open() }
        guard result >= 0, let memory = unsafe memory else { return result }
        return unsafe body(memory)
    }

    /// Called by the trampolines of the kinds.
    func deliver(status: Int32, events: Int32) {
        if !isClosed { onEvent(status, events) }
    }

    /// Stops all callbacks at once and frees the memory when libuv has let go of it.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        // SAFETY: closed once; the callback is the last that libuv does with the memory, and
        // gives back the reference taken in `open`.
        guard let memory = unsafe memory else { return }
        unsafe self.memory = nil
        unsafe punctual_handle_close(memory) { handle in
            guard let handle = unsafe handle, let data = unsafe punctual_handle_data(handle)
            else { return }
            unsafe Unmanaged<LoopHandle>.fromOpaque(data).release()
            unsafe UnsafeMutableRawPointer(handle).deallocate()
        }
    }

    private func open() -> Int32 {
        guard !isClosed else { return 0 }
        var result: Int32 = 0
        // SAFETY: the memory has the size and alignment of the kind, and belongs to libuv from
        // a successful initialisation until the close callback.
        unsafe loop.open { uvLoop in
            let fresh = UnsafeMutableRawPointer.allocate(
                byteCount: uv_handle_size(kind),
                alignment: 16
            )
            result = unsafe initialise(uvLoop, fresh)
            if result < 0 { return unsafe fresh.deallocate() }
            unsafe punctual_handle_set_data(fresh, Unmanaged.passRetained(self).toOpaque())
            unsafe memory = fresh
        }
        return result
    }

    /// The object behind a handle that libuv passes to a callback.
    static func of(_ handle: UnsafeRawPointer?) -> LoopHandle? {
        // SAFETY: every handle opened above carries a retained reference until it is closed.
        guard let handle = unsafe handle, let data = unsafe punctual_handle_data(handle)
        else { return nil }
        return unsafe Unmanaged<LoopHandle>.fromOpaque(data).takeUnretainedValue()
    }
}
