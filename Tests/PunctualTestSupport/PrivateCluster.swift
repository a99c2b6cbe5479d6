// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Synchronization

/// A PostgreSQL cluster of the tests' own, in a temporary folder, reachable by a Unix socket only.
///
/// The server refuses to run as root, so that root starts it as the user `postgres`. It is
/// stopped, and its folder removed, when the test process exits. What a killed process leaves
/// behind, the next one clears away.
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
        folder = ClusterRegister.shared.nextFolder()
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

    /// Initialises and starts a cluster without holding up the tests that run meanwhile.
    ///
    /// - Throws: ``PrivateClusterError``, with the server's log.
    package static func make(
        isDurable: Bool = false,
        settings: [String] = []
    ) async throws -> PrivateCluster {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try PrivateCluster(isDurable: isDurable, settings: settings) }
                )
            }
        }
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
        Self.signal(signal.number, serverIn: folder)
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

    /// Signals the server that a cluster's own file names, if that process works there.
    ///
    /// For root the server is the child of `runuser`, so the child's number would not do.
    fileprivate static func signal(_ signal: Int32, serverIn folder: URL) {
        let pidFile = folder.appendingPathComponent("data/postmaster.pid")
        guard let text = try? String(contentsOf: pidFile, encoding: .utf8),
            let server = Int32(text.split(separator: "\n").first ?? ""),
            let command = try? String(contentsOfFile: "/proc/\(server)/cmdline", encoding: .utf8),
            command.contains(folder.path)
        else { return }
        kill(server, signal)
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

/// The clusters of this process, which are removed when it exits.
private final class ClusterRegister: Sendable {
    static let shared = ClusterRegister()
    private static let prefix = "punctual-pg-"
    private let clusters = Mutex<[PrivateCluster]>([])
    private let folders = Mutex(0)

    private init() {
        clearLeftovers()
        atexit { ClusterRegister.shared.removeAll() }
    }

    /// A folder that tells whose it is: `punctual-pg-<process>-<number>`.
    func nextFolder() -> URL {
        let number = folders.withLock { folders in
            folders += 1
            return folders
        }
        return FileManager.default.temporaryDirectory
            .appendingPathComponent("\(Self.prefix)\(getpid())-\(number)")
    }

    func add(_ cluster: PrivateCluster) {
        clusters.withLock { $0.append(cluster) }
    }

    private func removeAll() {
        let all = clusters.withLock { $0 }
        for cluster in all { cluster.remove() }
    }

    /// Removes the clusters of processes that are gone.
    private func clearLeftovers() {
        let root = FileManager.default.temporaryDirectory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        for name in names where name.hasPrefix(Self.prefix) {
            let owner = name.dropFirst(Self.prefix.count).split(separator: "-").first
            guard let process = owner.flatMap({ Int32($0) }), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            let folder = root.appendingPathComponent(name)
            PrivateCluster.signal(SIGQUIT, serverIn: folder)
            // What cannot be removed is left to the system's cleaning of temporary files.
            try? FileManager.default.removeItem(at: folder)
        }
    }
}
