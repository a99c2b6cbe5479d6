// SPDX-License-Identifier: Apache-2.0

/// Where the database is, and the bounds of what the pool does there.
package struct PostgresPoolConfiguration: Sendable {
    /// A libpq URI or connection string; never printed, for it may hold a password.
    package var url: String
    /// How many connections are kept open.
    package var maximumConnections: Int
    /// Shown in `pg_stat_activity`.
    package var applicationName: String
    /// The server ends a statement that takes longer; 0 for no limit.
    package var statementTimeoutMilliseconds: Int
    /// The server ends a statement that waits longer for a lock; 0 for no limit.
    package var lockTimeoutMilliseconds: Int
    /// The server ends a session that rests longer within a transaction; 0 for no limit.
    package var idleInTransactionTimeoutMilliseconds = 10_000
    /// The kernel ends a connection whose data is unacknowledged for longer.
    package var tcpUserTimeoutMilliseconds = 10_000
    /// An attempt to connect is given up after this.
    package var connectTimeoutSeconds = 5
    /// A statement waits at most this long for a connection.
    package var maximumWaitMilliseconds = 5_000
    /// A connection that has not answered for this long beyond the statement timeout is dead.
    package var answerGraceMilliseconds = 5_000
    /// The most statements and sessions that wait for a connection; more are refused.
    package var maximumWaiting = 10_000
    /// The most statements in flight on one connection.
    ///
    /// More than one helps where the server is far away; but a statement may then wait behind a
    /// slow one although another connection has become free.
    package var pipelineDepth = 1
    /// Further settings of each session, such as `enable_seqscan=off`.
    package var settings: [String] = []
    /// The longest pause between attempts to connect; the first is a 64th of it.
    package var longestBackoffMilliseconds = 3_200

    /// Joins what has no default with the bounds that do.
    package init(
        url: String,
        maximumConnections: Int = 4,
        applicationName: String = "punctual",
        statementTimeoutMilliseconds: Int = 10_000,
        lockTimeoutMilliseconds: Int = 5_000
    ) {
        self.url = url
        self.maximumConnections = max(1, maximumConnections)
        self.applicationName = applicationName
        self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        self.lockTimeoutMilliseconds = lockTimeoutMilliseconds
    }
}
