// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import PunctualLoop
package import PunctualPostgres

/// A fresh, empty database for one suite.
///
/// It is made on the server that `PUNCTUAL_TEST_DATABASE_URL` names, or else on a private cluster
/// that all suites of the process share. It stays after the run, so that a failure can be looked
/// into; the next run on the same server drops what earlier ones have left.
package struct TestDatabase: Sendable {
    /// The name of the database.
    package let name: String
    /// A libpq URI or connection string for it.
    package let url: String

    /// Names a database that exists, or is meant not to.
    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }

    /// Makes a database whose name contains `purpose`.
    ///
    /// - Throws: when there is no server, or it refuses.
    package static func make(
        _ purpose: String,
        template: String? = nil
    ) async throws -> TestDatabase {
        try await TestServer.shared.makeDatabase(purpose, template: template)
    }

    /// A pool on this database, on a loop of its own, for the duration of `body`.
    package func withPool<Value>(
        configure: (inout PostgresPoolConfiguration) -> Void = { _ in },
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        var configuration = PostgresPoolConfiguration(url: url, applicationName: name)
        configure(&configuration)
        return try await TestServer.withPool(configuration, body)
    }
}

/// The server on which test databases are made.
package actor TestServer {
    /// The server of this process.
    package static let shared = TestServer()

    private static let prefix = "punctual_test_"
    private static let variable = "PUNCTUAL_TEST_DATABASE_URL"
    private var starting: Task<String, any Error>?
    private var databases = 0

    /// The URL of the server's maintenance database; starts a private cluster if need be.
    ///
    /// - Throws: when the cluster cannot be made.
    package func url() async throws -> String {
        if let starting { return try await starting.value }
        // Suites that come meanwhile wait for the same server.
        let task = Task {
            guard let given = ProcessInfo.processInfo.environment[Self.variable] else {
                return try await PrivateCluster.make().url()
            }
            try await dropLeftovers(given)
            return given
        }
        starting = task
        return try await task.value
    }

    func makeDatabase(_ purpose: String, template: String?) async throws -> TestDatabase {
        let url = try await url()
        databases += 1
        let pid = ProcessInfo.processInfo.processIdentifier
        let name = "\(Self.prefix)\(purpose)_\(pid)_\(databases)".lowercased()
        let source = template.map { " TEMPLATE \"\($0)\"" } ?? ""
        try await Self.withPool(PostgresPoolConfiguration(url: url, maximumConnections: 1)) {
            pool in
            try await pool.withSession { session in
                try await session.executeScript("CREATE DATABASE \"\(name)\"\(source)")
            }
        }
        return TestDatabase(name: name, url: Self.url(url, database: name))
    }

    /// Drops the databases that earlier runs have left and that nobody uses.
    private func dropLeftovers(_ url: String) async throws {
        let find = PostgresStatement(
            sql: """
                SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND NOT EXISTS
                (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)
                """
        )
        try await Self.withPool(PostgresPoolConfiguration(url: url, maximumConnections: 1)) {
            pool in
            for row in try await pool.execute(find, [.text(Self.prefix)]) {
                let name = try row.text(0)
                try await pool.withSession { session in
                    try await session.executeScript("DROP DATABASE IF EXISTS \"\(name)\"")
                }
            }
        }
    }

    /// A pool and its loop, both closed when `body` is done.
    static nonisolated(nonsending) func withPool<Value>(
        _ configuration: PostgresPoolConfiguration,
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let loop = try LoopExecutor(name: "test-postgres")
        let pool = PostgresPool(
            configuration: configuration,
            loop: loop,
            logger: Logger(label: "test")
        )
        do {
            let value = try await body(pool)
            await pool.close()
            await loop.shutdown()
            return value
        } catch {
            await pool.close()
            await loop.shutdown()
            throw error
        }
    }

    /// The same server, another database: a URI's path, or a connection string's last word.
    private static func url(_ url: String, database name: String) -> String {
        guard url.contains("://"), var components = URLComponents(string: url) else {
            return url + " dbname=\(name)"
        }
        components.path = "/\(name)"
        return components.string ?? url
    }
}
