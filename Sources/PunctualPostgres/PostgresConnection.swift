// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import PunctualLoop

/// One connection of libpq in pipeline mode, watched by the loop; used only on its thread.
///
/// It sends what it is given, and reports what comes of it to `onEvent`. What answers mean is
/// decided by ``ConnectionStateMachine``.
@safe
final class PostgresConnection: @unchecked Sendable {
    // @unchecked: made on the loop's thread and touched only there.

    typealias Machine = ConnectionStateMachine<PostgresRequest, PostgresResult>

    /// What a connection reports.
    enum Event: Sendable {
        case ended(Machine.Outcome)
        case notified(channel: String, payload: String)
        /// The connection is gone, with what was in flight; nothing follows.
        case lost([(PostgresRequest, PostgresError)])
    }

    /// A request that is alone on the connection, in the simple protocol.
    struct Exclusive {
        let request: PostgresRequest
        var answers: [PostgresResult] = []
        var failure: PostgresError?
    }

    let pointer: OpaquePointer
    let loop: LoopExecutor
    var machine = Machine()
    var exclusive: Exclusive?
    var onEvent: (Event) -> Void = { _ in }
    /// Since when the server has been working on the request at the front.
    var frontSince: UInt64 = 0
    /// When a cancellation was last sent, on the monotonic clock; it may hit a later statement.
    var lastCancellation: UInt64?

    private var watcher: DescriptorWatcher?
    private(set) var isClosed = false

    /// Takes over an open connection in non-blocking pipeline mode.
    init(owning pointer: OpaquePointer, loop: LoopExecutor) {
        // SAFETY: the caller gives the open pointer away.
        unsafe self.pointer = pointer
        self.loop = loop
        let descriptor = unsafe PQsocket(pointer)
        watcher = DescriptorWatcher(loop: loop, descriptor: descriptor) { [weak self] ready in
            self?.ready(ready)
        }
        watcher?.update(.readable)
    }

    deinit {
        // SAFETY: the last reference is gone. The descriptor is closed on the loop, after its
        // watcher, for the last reference may have been another thread's.
        let remains = unsafe Remains(pointer: pointer, watcher: watcher)
        loop.perform { remains.bury() }
    }

    /// How many requests are in flight.
    var load: Int { machine.load + (exclusive == nil ? 0 : 1) }

    /// The request that the server is working on.
    var front: PostgresRequest? { exclusive?.request ?? machine.front }

    /// Whether the session is within a transaction, or in doubt.
    var isInTransaction: Bool {
        // SAFETY: the pointer is open until `deinit`.
        unsafe PQtransactionStatus(pointer) != PQTRANS_IDLE
    }

    /// Reports nothing any more; the server learns of it with the last reference.
    func close() {
        isClosed = true
        onEvent = { _ in }
        watcher?.close()
        watcher = nil
    }

    /// Ends the connection and reports what was in flight as lost.
    func fail() {
        guard !isClosed else { return }
        var lost = machine.lost()
        if let exclusive {
            lost.append((exclusive.request, .connectionLost(isAmbiguous: true)))
        }
        exclusive = nil
        let report = onEvent
        close()
        report(.lost(lost))
    }

    /// Sends what libpq has buffered, and watches for room if not all of it could go.
    func flush() {
        guard !isClosed else { return }
        // SAFETY: on the loop's thread; the pointer is open until `deinit`.
        switch unsafe PQflush(pointer) {
        case 0: watcher?.update(.readable)
        case 1: watcher?.update([.readable, .writable])
        default: fail()
        }
    }

    private func ready(_ ready: Result<DescriptorEvents, UVError>) {
        guard !isClosed else { return }
        // SAFETY: on the loop's thread; the pointer is open until `deinit`.
        guard case .success(let events) = ready else { return fail() }
        if events.contains(.writable) { flush() }
        guard !isClosed, events.contains(.readable) else { return }
        guard unsafe PQconsumeInput(pointer) == 1 else { return fail() }
        receive()
    }
}

/// What a connection leaves behind.
@safe
private struct Remains: @unchecked Sendable {
    // @unchecked: nobody else refers to them.
    let pointer: OpaquePointer
    let watcher: DescriptorWatcher?

    func bury() {
        watcher?.close()
        // SAFETY: called once.
        unsafe PQfinish(pointer)
    }
}
