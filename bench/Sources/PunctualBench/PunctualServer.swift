// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A real `punctual serve` over a private cluster, on a free port of loopback.
final class PunctualServer {
    let cluster: PrivateCluster
    let port: UInt16
    let executable: String
    private let environment: [String: String]
    private let log: String
    private var process: ChildProcess?

    /// Starts a cluster, migrates it, serves, and waits until it is ready.
    convenience init(executable: String, environment: [String: String] = [:]) throws {
        try self.init(
            executable: executable,
            cluster: try Self.migratedCluster(executable: executable),
            environment: environment
        )
    }

    /// Serves over a cluster that is migrated, and waits until it is ready.
    init(
        executable: String,
        cluster: PrivateCluster,
        environment: [String: String] = [:]
    ) throws {
        (self.executable, self.cluster) = (executable, cluster)
        port = try HTTPConnection.freePort()
        log = "\(cluster.folder)/server-\(port).log"
        let own = [
            "PUNCTUAL_DATABASE_URL": cluster.connectionString,
            "PUNCTUAL_HTTP_PORT": String(port),
        ]
        self.environment = own.merging(environment) { $1 }
        try start()
        try waitUntilReady()
    }

    /// Serves some roles over a cluster that is migrated, to users with tokens.
    convenience init(executable: String, cluster: PrivateCluster, roles: String) throws {
        try self.init(
            executable: executable,
            cluster: cluster,
            environment: ["PUNCTUAL_ROLES": roles, "PUNCTUAL_JWT_SECRET": Token.secret]
        )
    }

    /// Starts a cluster and migrates it.
    ///
    /// `settings` are PostgreSQL's, beside ``PrivateCluster/settings``.
    static func migratedCluster(
        executable: String,
        settings: [String] = []
    ) throws -> PrivateCluster {
        guard access(executable, X_OK) == 0 else {
            throw BenchError(
                "there is no server at \(executable); build it with"
                    + " `swift build -c release --product punctual`, or give --server"
            )
        }
        Progress.say("starting PostgreSQL and \(executable)")
        let cluster = try PrivateCluster(settings: settings)
        try ChildProcess.run(
            [executable, "migrate"],
            environment: ["PUNCTUAL_DATABASE_URL": cluster.connectionString],
            log: cluster.folder + "/migrate.log"
        )
        return cluster
    }

    /// Executes `punctual serve`, and returns at once.
    func start() throws {
        let started = try ChildProcess.start(
            [executable, "serve"],
            environment: environment,
            log: log
        )
        process = started
        Cleanup.add {
            started.send(SIGKILL)
            started.wait()
        }
    }

    /// Ends the server as a power cut would.
    func kill() {
        process?.send(SIGKILL)
        process?.wait()
        process = nil
    }

    /// Stops the server gracefully and starts it again, as an upgrade does.
    func restart() throws {
        process?.send(SIGTERM)
        process?.wait()
        try start()
        try waitUntilReady()
    }

    /// Stops the server in the middle of whatever it does, or lets it go on.
    func send(_ signal: Int32) { process?.send(signal) }

    /// A figure of `/metrics` by its whole name, labels included; nil if it is not there.
    func metric(_ name: String) throws -> Double? {
        let answer = try HTTPConnection(port: port).send("GET", "/metrics")
        return String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(name + " ") }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    /// Waits for 200 from `/readyz`.
    func waitUntilReady() throws {
        let deadline = WallClock.monotonicNanoseconds + 60_000_000_000
        var last = "no answer"
        while WallClock.monotonicNanoseconds < deadline {
            if let process, process.hasEnded {
                self.process = nil
                throw BenchError("the server ended\n\(ChildProcess.tail(of: log))")
            }
            // It does not listen yet, which is what is being waited for.
            if let response = try? HTTPConnection(port: port).send("GET", "/readyz") {
                if response.status == 200 { return }
                last = String(decoding: response.body, as: UTF8.self)
            }
            WallClock.sleep(milliseconds: 2)
        }
        throw BenchError("not ready after 60 s: \(last)\n\(ChildProcess.tail(of: log))")
    }

    /// How many descriptors the server has open, or nil if it has ended.
    var descriptorCount: Int? {
        process.map { folderEntries("/proc/\($0.pid)/fd").count - 2 }
    }

    /// The processor time that the server has used, in seconds, or nil if it has ended.
    var processorSeconds: Double? { process.flatMap { ProcessorTime(of: $0.pid)?.own } }

    /// The server's resident memory in MB, or nil if it has ended.
    var residentMegabytes: Double? {
        guard let process, let status = try? readFile("/proc/\(process.pid)/status") else {
            return nil
        }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Double($0.filter(\.isNumber)) }.map { $0 / 1024 }
    }
}
