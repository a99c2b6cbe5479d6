// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Synchronization

/// A PostgreSQL cluster of the tests' own, in a temporary folder, reachable by a Unix socket only.
///
/// The server refuses to run as root, so that root starts it as the user `postgres`. It is
/// stopped when the test process exits; a cluster whose process was killed ends by itself soon,
/// because its folder is removed by the next run.
package final class PrivateCluster: Sendable {
    /// Where the data, the socket and the log are.
    package let folder: URL
    private let process = Mutex<Process?>(nil)
    private let settings: [String]

    /// Initialises a cluster and starts it.
    ///
    /// Data is not flushed to disk, unless `isDurable`, because tests do not lose power.
    /// - Throws: ``PrivateClusterError``, with the server's log.
    package init(isDurable: Bool = false, settings: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("punctual-pg-\(UUID().uuidString.prefix(8))")
        let durability = isDurable ? [] : ["fsync=off", "synchronous_commit=off"]
        self.settings = durability + settings
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if Self.isRoot { try Self.run("/bin/chown", ["postgres", folder.path]) }
        try runAsOwner(
            "initdb",
            [
                "-D", data.path, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            ]
        )
        try start()
        ClusterRegister.shared.add(self)
    }

    /// A connection string for the database `name`.
    package func url(database name: String = "postgres") -> String {
        "host=\(folder.path) user=postgres dbname=\(name)"
    }

    /// Starts the server and returns when it accepts connections.
    ///
    /// - Throws: ``PrivateClusterError``, with the server's log.
    package func start() throws {
        let all = [
            "listen_addresses=", "unix_socket_directories=\(folder.path)", "max_connections=200",
            "shared_buffers=256MB", "timezone=Pacific/Chatham", "log_min_messages=warning",
            "max_prepared_transactions=0",
        ]
        let options = (all + settings).flatMap { ["-c", $0] }
        let server = try Self.process(owner("postgres", ["-D", data.path] + options))
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        server.standardError = try FileHandle(forWritingTo: log)
        server.standardOutput = FileHandle.nullDevice
        try server.run()
        process.withLock { $0 = server }
        try waitUntilReady(server, log: log)
    }

    /// Stops the server: `.interrupt` ends sessions at once, `.kill` is a crash.
    package func stop(_ signal: StopSignal = .interrupt) {
        let server = process.withLock { $0.take() }
        guard let server else { return }
        // The server is the child of `runuser` for root, so its own file names its process.
        let pidFile = data.appendingPathComponent("postmaster.pid")
        if let text = try? String(contentsOf: pidFile, encoding: .utf8),
            let pid = Int32(text.split(separator: "\n").first ?? "")
        {
            kill(pid, signal.number)
        }
        server.waitUntilExit()
    }

    /// How to stop a server.
    package enum StopSignal: Sendable {
        /// A fast shutdown, with a checkpoint.
        case interrupt
        /// An immediate shutdown, which recovers at the next start as after a crash.
        case crash

        var number: Int32 {
            switch self {
            case .interrupt: SIGINT
            case .crash: SIGQUIT
            }
        }
    }

    /// Stops the server and removes its folder.
    package func remove() {
        stop(.crash)
        // What cannot be removed is left to the system's cleaning of temporary files.
        try? FileManager.default.removeItem(at: folder)
    }

    private var data: URL { folder.appendingPathComponent("data") }

    private func waitUntilReady(_ server: Process, log: URL) throws {
        // The server itself tells: the status line of its file becomes "ready".
        for _ in 0..<3_000 where server.isRunning {
            let file = data.appendingPathComponent("postmaster.pid")
            let status = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            if status.contains("ready") { return }
            usleep(10_000)
        }
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        throw PrivateClusterError(message: "the server did not start: \(text)")
    }
}

/// Why a private cluster could not be made.
package struct PrivateClusterError: Error, CustomStringConvertible {
    let message: String
    /// The reason, with what the program printed.
    package var description: String { message }
}

// MARK: - Programs

extension PrivateCluster {
    private static var isRoot: Bool { geteuid() == 0 }

    /// The folder of the newest server that Debian or the like has installed.
    private static let programs: String = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap { Int($0) }.max()
        return newest.map { "\(root)/\($0)/bin" } ?? "/usr/bin"
    }()

    private func owner(_ program: String, _ arguments: [String]) -> [String] {
        let command = ["\(Self.programs)/\(program)"] + arguments
        return Self.isRoot ? ["/sbin/runuser", "-u", "postgres", "--"] + command : command
    }

    private func runAsOwner(_ program: String, _ arguments: [String]) throws {
        let command = owner(program, arguments)
        try Self.run(command[0], Array(command.dropFirst()))
    }

    private static func process(_ command: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        return process
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = try process([program] + arguments)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PrivateClusterError(
                message: "\(program) failed: \(String(decoding: text, as: UTF8.self))"
            )
        }
    }
}

/// The clusters that are to be removed when the process exits.
private final class ClusterRegister: Sendable {
    static let shared = ClusterRegister()
    private let clusters = Mutex<[PrivateCluster]>([])

    private init() {
        atexit { ClusterRegister.shared.removeAll() }
    }

    func add(_ cluster: PrivateCluster) {
        clusters.withLock { $0.append(cluster) }
    }

    private func removeAll() {
        let all = clusters.withLock { $0 }
        for cluster in all { cluster.remove() }
    }
}
