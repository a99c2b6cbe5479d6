// SPDX-License-Identifier: Apache-2.0

internal import CLibuv

/// The memory of a libuv loop and of the three handles that drive its turns.
///
/// `wake` alone may be called from other threads; everything else belongs to the loop's thread.
@safe
final class LoopMemory: @unchecked Sendable {
    // @unchecked: libuv documents `uv_async_send` as thread-safe; the executor calls the rest
    // only on the loop's thread, or before it starts.

    let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private let wakeup = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let beforeWait = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let restless = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
    private var isKeptAwake = false

    init() throws(UVError) {
        // SAFETY: each handle is initialised once, on the loop that this object owns.
        try unsafe UVError.check(uv_loop_init(loop), "making an event loop")
        _ = unsafe punctual_loop_measure_idle_time(loop)
        try unsafe UVError.check(
            uv_async_init(loop, wakeup, { _ in }),
            "making the loop's wake-up descriptor"
        )
        unsafe uv_prepare_init(loop, beforeWait)
        unsafe uv_idle_init(loop, restless)
    }

    deinit {
        // SAFETY: the thread has ended or never started, so that nothing else refers to these.
        unsafe loop.deallocate()
        unsafe wakeup.deallocate()
        unsafe beforeWait.deallocate()
        unsafe restless.deallocate()
    }

    /// How long the loop has waited for descriptors since it started.
    var idleNanoseconds: UInt64 {
        // SAFETY: the loop lives as long as this object.
        unsafe uv_metrics_idle_time(loop)
    }

    /// Sets the executor that `prepare` is called on.
    func attach(_ executor: UnsafeMutableRawPointer) {
        // SAFETY: the executor outlives its thread, and the callback runs only on that thread.
        unsafe punctual_handle_set_data(beforeWait, executor)
        unsafe uv_prepare_start(beforeWait) { handle in
            guard let data = unsafe punctual_handle_data(handle) else { return }
            unsafe Unmanaged<LoopExecutor>.fromOpaque(data)._withUnsafeGuaranteedRef {
                $0.prepare()
            }
        }
    }

    /// Ends the loop's wait; from any thread.
    func wake() {
        // SAFETY: the executor calls this under the inbox's mutex and only before termination.
        unsafe uv_async_send(wakeup)
    }

    /// Turns until every handle is closed.
    func run() {
        // SAFETY: called once, on the loop's thread.
        _ = unsafe uv_run(loop, UV_RUN_DEFAULT)
    }

    /// Closes the loop's descriptors; nobody may call `wake` any more.
    func end() {
        // SAFETY: called once, on the loop's thread, after `run`.
        _ = unsafe uv_loop_close(loop)
    }

    /// Lets the next wait return at once, for there is more to run.
    func keepAwake(_ wanted: Bool) {
        guard wanted != isKeptAwake else { return }
        isKeptAwake = wanted
        // SAFETY: on the loop's thread; an active idle handle makes the wait's timeout zero.
        _ = unsafe wanted ? uv_idle_start(restless, { _ in }) : uv_idle_stop(restless)
    }

    /// Closes all handles of the loop: those of others by their own way, then these three.
    func close() {
        // SAFETY: on the loop's thread. The three have no owner to free them in a callback:
        // this object does, when the thread has ended.
        let walk: uv_walk_cb = { handle, _ in
            guard let handle = unsafe handle, unsafe uv_is_closing(handle) == 0 else { return }
            let isOwned = unsafe handle.pointee.type == UV_TIMER || handle.pointee.type == UV_POLL
            guard isOwned, let data = unsafe punctual_handle_data(handle) else {
                return unsafe punctual_handle_close(handle, nil)
            }
            unsafe Unmanaged<LoopHandle>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.close() }
        }
        unsafe uv_walk(loop, walk, nil)
    }
}
