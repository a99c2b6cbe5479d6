// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import PunctualLoop

extension PostgresConnection {
    /// Sends a request; what comes of it is reported to `onEvent`.
    ///
    /// A script or a COPY must be sent on a connection without load.
    func send(_ request: PostgresRequest) {
        if load == 0 { frontSince = Clocks.monotonicNanoseconds() }
        switch request.work {
        case .commands(let commands): send(commands, of: request)
        case .script(let sql): sendAlone(sql, of: request)
        case .copy(let sql, _): sendAlone(sql, of: request)
        }
    }

    private func send(_ commands: [EncodedCommand], of request: PostgresRequest) {
        let steps = machine.send(request, commands.map { ($0.statement, $0.types) })
        var isSent = true
        // SAFETY: on the loop's thread; the pointer is open until `deinit`, and libpq copies.
        for step in steps where isSent {
            switch step {
            case .prepare(let index, let serverName):
                let command = commands[index]
                isSent =
                    unsafe PQsendPrepare(
                        pointer,
                        serverName,
                        command.statement.sql,
                        Int32(command.types.count),
                        command.types
                    ) == 1
            case .execute(let index, let serverName):
                isSent = execute(commands[index], serverName: serverName)
            case .executeUnprepared(let index):
                isSent = execute(commands[index], serverName: nil)
            }
        }
        guard isSent, unsafe PQpipelineSync(pointer) == 1 else { return fail() }
        flush()
    }

    /// Sends one command with binary parameters, for results in binary.
    private func execute(_ command: EncodedCommand, serverName: String?) -> Bool {
        let count = Int32(command.lengths.count)
        let lengths = command.lengths.map { Int32(truncatingIfNeeded: max(0, $0)) }
        let formats = [Int32](repeating: 1, count: command.lengths.count)
        // SAFETY: the values point into the command's buffer, which is held for the duration of
        // the call; libpq copies them. An empty value points at one byte that is not read.
        return unsafe command.bytes.withUnsafeBufferPointer { bytes in
            let start =
                unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            var offset = 0
            let values = unsafe command.lengths.map { length -> UnsafePointer<CChar>? in
                guard length >= 0 else { return nil }
                defer { offset += length }
                return unsafe start.map { unsafe $0 + offset }
            }
            if let serverName {
                return unsafe PQsendQueryPrepared(
                    pointer,
                    serverName,
                    count,
                    values,
                    lengths,
                    formats,
                    1
                ) == 1
            }
            return unsafe PQsendQueryParams(
                pointer,
                command.statement.sql,
                count,
                command.types,
                values,
                lengths,
                formats,
                1
            )
                == 1
        }
    }

    /// Leaves pipeline mode for one request of the simple protocol.
    private func sendAlone(_ sql: String, of request: PostgresRequest) {
        exclusive = Exclusive(request: request)
        // SAFETY: on the loop's thread; the pointer is open until `deinit`, and libpq copies.
        guard machine.load == 0, unsafe PQexitPipelineMode(pointer) == 1,
            unsafe PQsendQuery(pointer, sql) == 1
        else { return fail() }
        flush()
    }

    /// Asks the server, on a connection of its own, to cancel what it is working on here.
    func cancelFront() {
        lastCancellation = Clocks.monotonicNanoseconds()
        // SAFETY: the handle is a copy of what identifies the session; the thread owns it.
        guard let handle = unsafe PQgetCancel(pointer) else { return }
        let owned = unsafe CancelHandle(pointer: handle)
        do {
            try loop.runBlocking {
                owned.cancel()
            } then: { _ in
            }
        } catch {
            // Without a thread the statement runs on to its timeout.
            unsafe PQfreeCancel(handle)
        }
    }
}

/// What is needed to cancel a statement, on its way to the thread that does it.
@safe
private struct CancelHandle: @unchecked Sendable {
    // @unchecked: handed over once; libpq allows `PQcancel` on any thread.
    let pointer: OpaquePointer

    func cancel() {
        var message = [CChar](repeating: 0, count: 256)
        // SAFETY: freed once, here. A failure is ignored: the statement then ends by its timeout.
        _ = unsafe PQcancel(pointer, &message, Int32(message.count))
        unsafe PQfreeCancel(pointer)
    }
}
