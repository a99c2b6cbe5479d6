// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualLoop

// From the connection to the caller: opening, answers, losses, deadlines and the end.
extension PostgresPool {
    /// How long a cancellation may still hit a statement that it was not meant for.
    private static let cancellationReachNanoseconds: UInt64 = 2_000_000_000

    // MARK: Opening

    /// Opens what should be open.
    func open() {
        guard closingSince == nil else { return }
        for slot in machine.slotsToOpen() {
            do {
                let parameters = try ConnectionParameters(configuration)
                PostgresConnection.open(parameters, loop: loop) { [weak self] result in
                    self?.assumeIsolated { $0.opened(result, slot: slot) }
                }
            } catch {
                opened(.failure(error), slot: slot)
            }
        }
    }

    private func opened(_ result: Result<PostgresConnection, PostgresError>, slot: Int) {
        guard closingSince == nil else {
            machine.closed(slot: slot)
            return pump()
        }
        switch result {
        case .success(let connection):
            connection.onEvent = { [weak self, weak connection] event in
                guard let self, let connection else { return }
                self.assumeIsolated { $0.received(event, on: connection, slot: slot) }
            }
            connections[slot] = connection
            machine.opened(slot: slot)
            if isOutageLogged { logger.notice("PostgreSQL is reachable again") }
            isOutageLogged = false
            open()
        case .failure(let error):
            rest(slot: slot, after: error)
        }
        pump()
    }

    private func rest(slot: Int, after error: PostgresError) {
        if !isOutageLogged {
            logger.warning(
                "cannot connect to PostgreSQL; trying again",
                metadata: ["error": "\(error.debugDescription)"]
            )
        }
        isOutageLogged = true
        let failures = machine.openingFailed(slot: slot)
        let timer = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { pool in
                pool.restTimers[slot] = nil
                pool.machine.closed(slot: slot)
                pool.open()
            }
        }
        restTimers[slot] = timer
        let backoff = Backoff(longestMilliseconds: configuration.longestBackoffMilliseconds)
        timer.start(after: backoff.pause(afterFailures: failures))
    }

    // MARK: Answers

    private func received(
        _ event: PostgresConnection.Event,
        on connection: PostgresConnection,
        slot: Int
    ) {
        switch event {
        case .ended(.succeeded(let request, let results)):
            machine.finished(slot: slot)
            request.finish(.success(results))
        case .ended(.stale(let request, let error)):
            if repeated(request, on: connection) { return }
            machine.finished(slot: slot)
            request.finish(.failure(error))
        case .ended(.failed(let request, let error)):
            fail(request, with: error, on: connection, slot: slot)
        case .notified:
            break
        case .lost(let lost):
            lose(lost, slot: slot)
        }
        if let front = connection.front, front.isCancelled, !front.ignoresCancellation {
            connection.cancelFront()
        }
        pump()
    }

    /// A cancelled statement fails as such; one that was hit in its place is sent anew.
    private func fail(
        _ request: PostgresRequest,
        with error: PostgresError,
        on connection: PostgresConnection,
        slot: Int
    ) {
        var error = error
        if error.sqlState == "57014" {
            if request.isCancelled {
                error = .cancelled
            } else if let last = connection.lastCancellation,
                Clocks.monotonicNanoseconds() - last < Self.cancellationReachNanoseconds,
                repeated(request, on: connection)
            {
                return
            }
        }
        machine.finished(slot: slot)
        request.finish(.failure(error))
    }

    /// Sends a request anew, once; not in a session, whose transaction has failed.
    private func repeated(_ request: PostgresRequest, on connection: PostgresConnection) -> Bool {
        guard request.session == nil, !request.isRepeated, !request.isCancelled else {
            return false
        }
        request.isRepeated = true
        connection.send(request)
        return true
    }

    private func lose(_ lost: [(PostgresRequest, PostgresError)], slot: Int) {
        connections[slot] = nil
        machine.closed(slot: slot)
        for (request, error) in lost { request.finish(.failure(error)) }
        logger.debug("a connection to PostgreSQL broke", metadata: ["in flight": "\(lost.count)"])
        open()
    }

    // MARK: Deadlines

    /// Starts the clerk, who looks at deadlines four times a second while anybody waits.
    func callClerk() {
        guard !isClerkBusy, isAnybodyWaiting else { return }
        isClerkBusy = true
        let timer =
            clerk
            ?? LoopTimer(loop: loop) { [weak self] in
                self?.assumeIsolated { $0.checkDeadlines() }
            }
        clerk = timer
        timer.start(after: .milliseconds(250), every: .milliseconds(250))
    }

    private var isAnybodyWaiting: Bool {
        machine.waiting > 0 || machine.inUse > 0 || (closingSince != nil && machine.standing > 0)
    }

    private func checkDeadlines() {
        guard isAnybodyWaiting else {
            isClerkBusy = false
            clerk?.stop()
            return
        }
        let now = Clocks.monotonicNanoseconds()
        let patience = UInt64(max(0, configuration.maximumWaitMilliseconds)) * 1_000_000
        expireWaiting(since: now > patience ? now - patience : 0)
        let isClosingOverdue = closingSince.map { now - $0 > patience } ?? false
        for case let connection? in connections
        where isClosingOverdue || isOverdue(connection, now: now) {
            connection.fail()
        }
    }

    /// Whether the server should long have ended the statement itself, so that it must be gone.
    ///
    /// A session may have set a timeout of its own, so that nothing is known about it.
    private func isOverdue(_ connection: PostgresConnection, now: UInt64) -> Bool {
        let timeout = configuration.statementTimeoutMilliseconds
        guard timeout > 0, let front = connection.front, front.session == nil else { return false }
        let allowed = UInt64(timeout + max(0, configuration.answerGraceMilliseconds)) * 1_000_000
        return now > connection.frontSince + allowed
    }

    private func expireWaiting(since start: UInt64) {
        let error: PostgresError = machine.standing == 0 ? .unreachable : .queueFull
        let (statements, sessions) = machine.expire(
            statements: { $0.waitingSince < start },
            sessions: { $0.waitingSince < start }
        )
        for request in statements { request.finish(.failure(error)) }
        for request in sessions { request.finish(.failure(error)) }
    }

    // MARK: The end

    func beginClosing() {
        closingSince = Clocks.monotonicNanoseconds()
        restTimers = restTimers.map { _ in nil }
        let (statements, sessions) = machine.expire(
            statements: { _ in true },
            sessions: { _ in true }
        )
        for request in statements { request.finish(.failure(.closed)) }
        for request in sessions { request.finish(.failure(.closed)) }
        pump()
    }

    func finishClosingIfIdle() {
        guard closingSince != nil, machine.inUse == 0 else { return }
        for (slot, connection) in connections.enumerated() {
            connection?.close()
            connections[slot] = nil
            machine.closed(slot: slot)
        }
        clerk?.stop()
        let waiters = closeWaiters
        closeWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}
