// SPDX-License-Identifier: Apache-2.0

internal import CLibuv
internal import ServiceLifecycle
internal import Synchronization

/// A libuv loop on a thread of its own, as an executor of Swift's concurrency.
///
/// Actors that name it as their executor (``LoopActor``) run on its thread, between the timers
/// and descriptors that the loop watches. Each turn drains a bounded batch of jobs, then looks
/// at descriptors, then at timers, so that none of them can starve the others:
///
/// ```
/// ┌► timers ─► prepare: run ≤ 256 jobs ─► wait for descriptors ─► their callbacks ─┐
/// └────────────────────────────────────────────────────────────────────────────────┘
/// ```
///
/// Only `uv_async_send` may be called from other threads, so everything else is handed over as
/// a job. A job that arrives while the loop is awake costs no system call.
///
/// After ``shutdown()`` late jobs run, one at a time, on the thread that enqueues them, so that
/// no task waits for ever; handles opened then do nothing.
@safe
package final class LoopExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // @unchecked: the loop's memory and the properties marked so are touched only on its thread,
    // or before that thread starts; all that is shared is in `inbox`, `meter`, `waiters` and
    // `threadIdentity`, which guard themselves.

    /// The name of the thread, of which Linux keeps 15 characters.
    package let name: String

    /// The most jobs one turn runs before it looks at descriptors and timers again.
    package static let jobsPerTurn = 256

    private let inbox = LoopInbox()
    private let meter = LoopMeter()
    private let threadIdentity = Atomic<UInt>(0)
    private let waiters = Mutex<[CheckedContinuation<Void, Never>]?>([])
    private let memory: LoopMemory

    // Touched only on the loop's thread.
    private var batch: [LoopInbox.Item] = []
    private var nextInBatch = 0
    private var isClosing = false
    private var turnStart: UInt64 = 0
    private var idleAtTurnStart: UInt64 = 0

    /// Makes the loop and starts its thread at once.
    ///
    /// - Throws: the refusal of the system, for want of descriptors, memory or threads.
    package init(name: String) throws(UVError) {
        self.name = name
        memory = try LoopMemory()
        batch.reserveCapacity(Self.jobsPerTurn)
        // SAFETY: the thread owns one reference to the executor, given back when it ends.
        let context = unsafe Unmanaged.passRetained(self)
        unsafe memory.attach(context.toOpaque())
        let result = unsafe punctual_thread_start(runLoopThread, context.toOpaque())
        if result != 0 {
            unsafe context.release()
            throw UVError(code: -result, operation: "starting the loop's thread")
        }
    }

    /// Whether the caller is on the loop's thread.
    package var isOnLoop: Bool {
        threadIdentity.load(ordering: .relaxed) == punctual_thread_identity()
    }

    /// How many turns the loop has completed; it grows only while the loop is alive and well.
    package var completedTurns: UInt64 { meter.completedTurns }

    /// When the last turn was completed, on the monotonic clock of ``Clocks``.
    package var lastTurnNanoseconds: UInt64 { meter.lastTurn }

    /// The longest a turn was busy since the last call: how late an event may have been noticed.
    package func takeLongestTurnNanoseconds() -> UInt64 { meter.takeLongestTurn() }

    /// Runs `work` on the loop's thread: at once if the caller is on it, in order otherwise.
    package func perform(_ work: @escaping @Sendable () -> Void) {
        if isOnLoop { work() } else { add(.work(work)) }
    }

    /// Waits until the loop has run what was enqueued before: one turn, as a watchdog asks for.
    package func turn() async {
        await withCheckedContinuation { continuation in
            add(.work { continuation.resume() })
        }
    }

    /// Runs `work`, which may block, on a thread of its own, and `then` with its value on the loop.
    ///
    /// For the few calls of C libraries that cannot be made to wait, such as name resolution.
    /// - Throws: the refusal of the system to start a thread.
    package func runBlocking<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (Value) -> Void
    ) throws(UVError) {
        try BlockingThread.start {
            let value = work()
            self.perform { then(value) }
        }
    }

    /// Closes every handle, ends the thread, and returns when it has ended; idempotent.
    package func shutdown() async {
        add(.work { self.close() })
        await withCheckedContinuation { continuation in
            let hasEnded = waiters.withLock { waiters in
                waiters?.append(continuation)
                return waiters == nil
            }
            if hasEnded { continuation.resume() }
        }
    }
}

// MARK: - Executor

extension LoopExecutor {
    /// Takes a job of Swift's runtime; from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }

    /// The executor's unowned form, compared by identity.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        // SAFETY: whoever runs jobs on the executor holds it strongly (see `LoopActor`).
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the calling thread is the loop's, which makes `assumeIsolated` work in callbacks.
    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    /// Traps unless the calling thread is the loop's.
    package func checkIsolated() {
        precondition(isOnLoop, "not on the thread of loop \(name)")
    }

    private func add(_ item: LoopInbox.Item) {
        let mustRunLate = inbox.append(item) {
            // The loop's own thread is awake by definition and drains before it sleeps.
            if !isOnLoop { memory.wake() }
        }
        if mustRunLate { runLate() }
    }

    private func run(_ item: LoopInbox.Item) {
        switch item {
        case .work(let work):
            work()
        case .job(let job):
            // SAFETY: every job leaves the inbox once, so it runs once.
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(),
                taskExecutor: asUnownedTaskExecutor()
            )
        }
    }

    /// Runs what arrives after the end, on the caller's thread, until there is nothing.
    private func runLate() {
        // SAFETY: a job may release the last actor that holds this executor, and the runtime
        // that called `enqueue` holds none; this reference is given back below.
        let hold = unsafe Unmanaged.passRetained(self)
        defer { unsafe hold.release() }
        threadIdentity.store(punctual_thread_identity(), ordering: .relaxed)
        while let item = inbox.nextLate(release: { threadIdentity.store(0, ordering: .relaxed) }) {
            run(item)
        }
    }
}

// MARK: - The turns of the loop; all on its thread

extension LoopExecutor {
    /// The thread's body: turns the loop until every handle is closed.
    fileprivate func runThread() {
        threadIdentity.store(punctual_thread_identity(), ordering: .relaxed)
        // SAFETY: the name is copied by the kernel during the call.
        unsafe punctual_thread_set_name(name)
        turnStart = Clocks.monotonicNanoseconds()
        memory.run()
        // In this order: libuv aborts when a loop is woken whose descriptors are closed.
        inbox.terminate(unfinished: batch[nextInBatch...])
        memory.end()
        runLate()
        let waiting = waiters.withLock { $0.take() }
        waiting?.forEach { $0.resume() }
    }

    /// Called once a turn, just before the loop waits: counts the turn and runs a batch of jobs.
    func prepare() {
        runBatch()
        // A closed handle that is started again would keep the loop turning for ever.
        if !isClosing { memory.keepAwake(hasNext()) }
        let now = Clocks.monotonicNanoseconds()
        let idle = memory.idleNanoseconds
        let waited = idle - idleAtTurnStart
        let elapsed = now - turnStart
        meter.turnCompleted(at: now, busyFor: elapsed > waited ? elapsed - waited : 0)
        turnStart = now
        idleAtTurnStart = idle
    }

    private func runBatch() {
        for _ in 0..<Self.jobsPerTurn {
            guard hasNext() else { return }
            nextInBatch += 1
            run(batch[nextInBatch - 1])
        }
    }

    /// Whether there is something to run.
    ///
    /// If not, the inbox knows that the loop is about to sleep.
    private func hasNext() -> Bool {
        if nextInBatch < batch.count { return true }
        batch.removeAll(keepingCapacity: true)
        nextInBatch = 0
        return inbox.take(into: &batch)
    }

    private func close() {
        guard !isClosing else { return }
        isClosing = true
        memory.close()
    }

    /// Opens a handle on the loop, unless the loop has been told to end.
    func open(_ body: (UnsafeMutablePointer<uv_loop_t>) -> Void) {
        // SAFETY: on the loop's thread, before the loop is closed.
        if !isClosing { unsafe body(memory.loop) }
    }
}

// MARK: - Service

extension LoopExecutor: Service {
    /// Waits for a graceful shutdown, then ends the loop: put it first in a service group.
    package func run() async throws {
        // Only a cancellation throws here, and the answer to it is the same: end the loop.
        try? await gracefulShutdown()
        await shutdown()
    }
}

/// The entry of the loop's thread.
private func runLoopThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // SAFETY: `init` retained the executor for this thread, which gives it back here.
    guard let context = unsafe context else { return nil }
    let executor = unsafe Unmanaged<LoopExecutor>.fromOpaque(context).takeRetainedValue()
    executor.runThread()
    return nil
}
