// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualLoop
internal import ServiceLifecycle

/// What a listener reports.
package enum PostgresListenerEvent: Sendable, Hashable {
    /// Somebody committed a `NOTIFY` on one of the channels.
    case notification(channel: String, payload: String)
    /// The channels are listened to from now on, for the first time or again: what was notified
    /// before may have been missed, so read what the notifications are about.
    case reconnected
}

/// Listens to channels on a connection of its own, and connects again whenever it breaks.
package actor PostgresListener: LoopActor {
    /// The most events that wait to be read; beyond it the oldest give way to a `.reconnected`.
    package static let maximumBuffered = 4_096

    /// The loop that watches the connection.
    package nonisolated let loop: LoopExecutor
    /// What is reported, for one consumer; it ends when the listener is closed.
    package nonisolated let events: AsyncStream<PostgresListenerEvent>

    private let continuation: AsyncStream<PostgresListenerEvent>.Continuation
    private let configuration: PostgresPoolConfiguration
    private let channels: [String]
    private let logger: Logger
    private var connection: PostgresConnection?
    private var restTimer: LoopTimer?
    private var failures = 0
    private var isStarted = false
    private var isClosed = false

    /// Makes a listener that has not connected yet.
    package init(
        configuration: PostgresPoolConfiguration,
        channels: [String],
        loop: LoopExecutor,
        logger: Logger
    ) {
        self.configuration = configuration
        self.channels = channels
        self.loop = loop
        self.logger = logger
        (events, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(Self.maximumBuffered)
        )
    }

    /// Connects and listens from now on; idempotent.
    package func start() {
        guard !isStarted else { return }
        isStarted = true
        open()
    }

    /// Ends the connection and the events.
    package func close() {
        isClosed = true
        restTimer = nil
        connection?.close()
        connection = nil
        continuation.finish()
    }

    private func open() {
        guard !isClosed else { return }
        do {
            let parameters = try ConnectionParameters(configuration)
            PostgresConnection.open(parameters, loop: loop) { [weak self] result in
                self?.assumeIsolated { $0.opened(result) }
            }
        } catch {
            rest(after: error)
        }
    }

    private func opened(_ result: Result<PostgresConnection, PostgresError>) {
        guard !isClosed else { return }
        switch result {
        case .success(let connection):
            connection.onEvent = { [weak self] event in
                self?.assumeIsolated { $0.received(event) }
            }
            self.connection = connection
            listen(on: connection)
        case .failure(let error):
            rest(after: error)
        }
    }

    private func listen(on connection: PostgresConnection) {
        do {
            let statements = channels.map {
                PostgresCommand(PostgresStatement(sql: "LISTEN \($0.quotedIdentifier)"))
            }
            connection.send(PostgresRequest(.commands(try EncodedCommand.all(statements))))
        } catch {
            rest(after: error)
        }
    }

    private func received(_ event: PostgresConnection.Event) {
        switch event {
        case .notified(let channel, let payload):
            report(.notification(channel: channel, payload: payload))
        case .ended(.succeeded):
            failures = 0
            report(.reconnected)
        case .ended(.failed(_, let error)), .ended(.stale(_, let error)):
            connection?.close()
            connection = nil
            rest(after: error)
        case .lost:
            connection = nil
            rest(after: .connectionLost(isAmbiguous: false))
        }
    }

    private func report(_ event: PostgresListenerEvent) {
        if case .dropped = continuation.yield(event) {
            // One more makes room for itself; it tells the consumer that something is missing.
            continuation.yield(.reconnected)
        }
    }

    private func rest(after error: PostgresError) {
        if failures == 0 {
            logger.warning(
                "cannot listen to PostgreSQL; trying again",
                metadata: ["error": "\(error.debugDescription)"]
            )
        }
        let backoff = Backoff(longestMilliseconds: configuration.longestBackoffMilliseconds)
        let timer = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.open() }
        }
        restTimer = timer
        timer.start(after: backoff.pause(afterFailures: failures))
        failures += 1
    }
}

extension PostgresListener: Service {
    /// Listens until a graceful shutdown.
    package func run() async throws {
        start()
        // Only a cancellation throws here, and the answer to it is the same: close.
        try? await gracefulShutdown()
        close()
    }
}
