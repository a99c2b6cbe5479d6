// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop

// From the caller to the connection: submitting, cancelling, and giving back.
extension PostgresPool {
    /// Hands a request to the loop and waits for its end.
    nonisolated(nonsending) func perform(
        _ request: PostgresRequest
    ) async throws -> [PostgresResult] {
        try await withTaskCancellationHandler {
            // SAFETY: every path of the pool finishes a request, once.
            try await unsafe withUnsafeThrowingContinuation { continuation in
                loop.perform {
                    unsafe request.attach(continuation)
                    self.assumeIsolated { $0.submit(request) }
                }
            }
        } onCancel: {
            guard !request.ignoresCancellation else { return }
            loop.perform { self.assumeIsolated { $0.cancel(request) } }
        }
    }

    /// Waits for a connection of one's own.
    nonisolated(nonsending) func acquire() async throws -> PostgresSession {
        let request = SessionRequest()
        return try await withTaskCancellationHandler {
            // SAFETY: every path of the pool finishes a request, once.
            try await unsafe withUnsafeThrowingContinuation { continuation in
                loop.perform {
                    unsafe request.attach(continuation)
                    self.assumeIsolated { $0.submit(request) }
                }
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.cancel(request) } }
        }
    }

    /// Ends a session.
    nonisolated func giveBack(_ session: PostgresSession) {
        loop.perform { self.assumeIsolated { $0.take(back: session) } }
    }

    private func submit(_ request: PostgresRequest) {
        if request.isCancelled { return request.finish(.failure(.cancelled)) }
        if let session = request.session {
            guard connections[session.slot] === session.connection else {
                return request.finish(.failure(.connectionLost(isAmbiguous: false)))
            }
            return session.connection.send(request)
        }
        guard closingSince == nil else { return request.finish(.failure(.closed)) }
        request.waitingSince = Clocks.monotonicNanoseconds()
        guard machine.wait(request) else { return request.finish(.failure(.queueFull)) }
        open()
        pump()
    }

    private func submit(_ request: SessionRequest) {
        if request.isCancelled { return request.finish(.failure(.cancelled)) }
        guard closingSince == nil else { return request.finish(.failure(.closed)) }
        request.waitingSince = Clocks.monotonicNanoseconds()
        guard machine.wait(request) else { return request.finish(.failure(.queueFull)) }
        open()
        pump()
    }

    /// One that waits is forgotten; one that runs is cancelled by the server; one that is further
    /// back in a pipeline is, when its turn comes.
    private func cancel(_ request: PostgresRequest) {
        request.isCancelled = true
        if request.session == nil, machine.forget(request) {
            return request.finish(.failure(.cancelled))
        }
        connections.first { $0?.front === request }??.cancelFront()
    }

    private func cancel(_ request: SessionRequest) {
        request.isCancelled = true
        if machine.forget(request) { request.finish(.failure(.cancelled)) }
    }

    private func take(back session: PostgresSession) {
        guard connections[session.slot] === session.connection else { return }
        if session.connection.load > 0 || session.connection.isInTransaction {
            session.connection.fail()
        } else {
            machine.returned(slot: session.slot)
            pump()
        }
    }

    /// Serves all who can be served now.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        while let assignment = machine.next() {
            switch assignment {
            case .send(let request, let slot):
                guard let connection = connections[slot] else {
                    request.finish(.failure(.connectionLost(isAmbiguous: false)))
                    continue
                }
                connection.send(request)
            case .lease(let request, let slot):
                guard let connection = connections[slot] else {
                    request.finish(.failure(.connectionLost(isAmbiguous: false)))
                    continue
                }
                request.finish(
                    .success(PostgresSession(pool: self, slot: slot, connection: connection))
                )
            }
        }
        isPumping = false
        finishClosingIfIdle()
        gauge.set(
            standing: machine.standing,
            inUse: machine.inUse,
            waiting: machine.waiting
        )
        callClerk()
    }
}
