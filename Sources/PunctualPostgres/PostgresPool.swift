// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualLoop
internal import ServiceLifecycle

/// A bounded set of connections to one database, which a statement shares with others.
///
/// It opens its connections at the first use and opens them again whenever they break. What is
/// not yet sent waits for that, up to a bound of time and of number; what was sent fails, as
/// ambiguous if the server may have committed it. Choices are made by ``PoolStateMachine``.
///
/// All its methods may be called from anywhere; on the loop's thread they cost no hop.
package actor PostgresPool: LoopActor {
    /// The loop that watches the connections.
    package nonisolated let loop: LoopExecutor

    nonisolated let configuration: PostgresPoolConfiguration
    nonisolated let gauge = PoolGauge()
    let logger: Logger

    var machine: PoolStateMachine<PostgresRequest, SessionRequest>
    var connections: [PostgresConnection?]
    var restTimers: [LoopTimer?]
    var clerk: LoopTimer?
    var isClerkBusy = false
    var isPumping = false
    /// When closing began, on the monotonic clock.
    var closingSince: UInt64?
    var closeWaiters: [CheckedContinuation<Void, Never>] = []
    var isOutageLogged = false

    /// Makes a pool that has not opened anything yet.
    package init(configuration: PostgresPoolConfiguration, loop: LoopExecutor, logger: Logger) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        let count = configuration.maximumConnections
        machine = PoolStateMachine(
            slots: count,
            pipelineDepth: configuration.pipelineDepth,
            maximumWaiting: configuration.maximumWaiting
        )
        connections = Array(repeating: nil, count: count)
        restTimers = Array(repeating: nil, count: count)
    }

    /// Executes one statement in its own transaction, which is committed when this returns.
    ///
    /// If the task is cancelled, so is the statement, and the error tells that it had no effect;
    /// if it was too late for that, the result is returned.
    /// - Throws: ``PostgresError``.
    package nonisolated(nonsending) func execute(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue] = []
    ) async throws -> PostgresResult {
        let command = try EncodedCommand(statement, parameters)
        return try await perform(PostgresRequest(.commands([command]))).only
    }

    /// Executes several statements in one transaction and one round trip: all or none.
    ///
    /// - Returns: a result for each, in their order.
    /// - Throws: ``PostgresError``, of the first that failed.
    package nonisolated(nonsending) func executeTogether(
        _ commands: [PostgresCommand]
    ) async throws -> [PostgresResult] {
        guard !commands.isEmpty else { return [] }
        return try await perform(PostgresRequest(.commands(EncodedCommand.all(commands))))
    }

    /// Lends a connection to `body`, for what needs one session: scripts, COPY, advisory locks.
    ///
    /// Session state such as locks must be undone by `body`. A connection that comes back within
    /// a transaction is closed.
    package nonisolated(nonsending) func withSession<Value>(
        _ body: (PostgresSession) async throws -> Value
    ) async throws -> Value {
        let session = try await acquire()
        defer { giveBack(session) }
        return try await body(session)
    }

    /// Runs `body` within one transaction, committed if it returns and rolled back if it throws.
    ///
    /// - Throws: what `body` throws, or ``PostgresError``. Only a failed commit is ambiguous.
    package nonisolated(nonsending) func transaction<Value>(
        _ body: (PostgresSession) async throws -> Value
    ) async throws -> Value {
        try await withSession { session in
            let value: Value
            do {
                _ = try await session.execute(PostgresStatement(sql: "BEGIN"))
                value = try await body(session)
            } catch {
                // If this fails too, the connection comes back within a transaction, and is closed.
                _ = try? await session.rollBack()
                guard var error = error as? PostgresError else { throw error }
                error.isAmbiguous = false
                throw error
            }
            try await session.commit()
            return value
        }
    }

    /// Whether a connection stands; readable from any thread.
    package nonisolated var isReachable: Bool { gauge.standing > 0 }

    /// How many connections stand and serve somebody, and how many wait; from any thread.
    package nonisolated var usage: PoolUsage {
        PoolUsage(standing: gauge.standing, inUse: gauge.inUse, waiting: gauge.waiting)
    }

    /// Refuses what is new, waits for what is in flight, within bounds, and closes all connections.
    package func close() async {
        if closingSince == nil { beginClosing() }
        guard machine.standing > 0 else { return }
        await withCheckedContinuation { closeWaiters.append($0) }
    }
}

extension PostgresPool: Service {
    /// Opens the connections, and closes them after a graceful shutdown.
    package func run() async throws {
        open()
        // Only a cancellation throws here, and the answer to it is the same: close.
        try? await gracefulShutdown()
        await close()
    }
}
