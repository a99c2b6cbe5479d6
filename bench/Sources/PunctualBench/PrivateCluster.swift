// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A PostgreSQL cluster of the bench's own: durable, on a Unix socket only, gone after the run.
///
/// `fsync` and `synchronous_commit` stay on: a create is answered when it is on the disk. The other
/// settings are those under which the peers of issue 3 were measured, and are printed by `--help`.
final class PrivateCluster: Sendable {
    static let settings = [
        "fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=",
        "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "jit=off",
        "max_connections=100", "logging_collector=off",
    ]

    /// The folder that holds the cluster, its socket and all logs.
    let folder: String
    /// The folder of PostgreSQL's programs.
    let binaries: String
    private let postgres: ChildProcess

    /// libpq's connection string.
    var connectionString: String { "host=\(folder) user=punctual dbname=punctual" }

    /// The processor time that PostgreSQL has used, in seconds.
    var processorSeconds: Double { ProcessorTime.ofFamily(Self.pid(in: folder) ?? postgres.pid) }

    /// Makes, starts and registers a cluster for clean-up.
    init(settings: [String] = []) throws {
        binaries = try Self.findBinaries()
        folder = try Self.makeFolder()
        let folder = folder
        Cleanup.add { Self.removeFolder(folder) }
        let log = folder + "/postgres.log"
        try ChildProcess.run(
            Self.asPostgres([
                binaries + "/initdb", "-D", folder + "/data", "-U", "punctual", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
            ]),
            log: log
        )
        postgres = try ChildProcess.start(
            Self.asPostgres(
                [binaries + "/postgres", "-D", folder + "/data", "-k", folder]
                    + (Self.settings + settings).flatMap { ["-c", $0] }
            ),
            log: log
        )
        let postgres = postgres
        Cleanup.add { Self.stop(postgres, folder: folder) }
        try waitUntilReady(log: log)
    }

    /// Runs one statement and returns its rows, unaligned, fields separated by `|`.
    func query(_ statement: String) throws -> [String] {
        let output = folder + "/query.out"
        unlink(output)
        try ChildProcess.run(
            [
                binaries + "/psql", connectionString, "--no-psqlrc", "--quiet", "--tuples-only",
                "--no-align", "--set=ON_ERROR_STOP=1", "--command=" + statement,
            ],
            log: output
        )
        return try readFile(output).split(separator: "\n").map(String.init)
    }

    private func waitUntilReady(log: String) throws {
        for _ in 0..<600 {
            let isReady =
                try ChildProcess.start(
                    [
                        binaries + "/psql", "host=\(folder) user=punctual dbname=postgres",
                        "--no-psqlrc", "--quiet", "--command=CREATE DATABASE punctual",
                    ],
                    log: folder + "/start.log"
                ).wait() == 0
            if isReady { return }
            if postgres.hasEnded { break }
            WallClock.sleep(milliseconds: 50)
        }
        throw BenchError("PostgreSQL did not start\n\(ChildProcess.tail(of: log))")
    }

    /// PostgreSQL refuses to run as root; then its own user runs it.
    private static func asPostgres(_ command: [String]) -> [String] {
        geteuid() == 0 ? ["runuser", "-u", "postgres", "--"] + command : command
    }

    private static func findBinaries() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = folderEntries(root).compactMap(Int.init).sorted(by: >)
        for version in versions where access("\(root)/\(version)/bin/postgres", X_OK) == 0 {
            return "\(root)/\(version)/bin"
        }
        throw BenchError("no PostgreSQL under \(root): apt-get install postgresql")
    }

    private static func makeFolder() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/punctual-bench-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else {
            throw BenchError("no folder could be made in \(parent); set TMPDIR")
        }
        let folder = String(cString: made)
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(folder, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        chmod(folder, 0o755)
        return folder
    }

    /// The number that it wrote itself: the child may be only `runuser`.
    private static func pid(in folder: String) -> pid_t? {
        let written = (try? readFile(folder + "/data/postmaster.pid"))?.split(separator: "\n").first
        return written.flatMap { pid_t($0) }
    }

    private static func stop(_ child: ChildProcess, folder: String) {
        kill(pid(in: folder) ?? child.pid, SIGQUIT)
        child.wait()
    }

    private static func removeFolder(_ folder: String) {
        guard let removal = try? ChildProcess.start(["rm", "-rf", folder], log: "/dev/null") else {
            return
        }
        removal.wait()
    }
}
