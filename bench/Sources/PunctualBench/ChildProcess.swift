// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A process that the bench started, and that it ends by its number while that is still its own.
final class ChildProcess: Sendable {
    let pid: pid_t
    /// The exit status, or 128 and the signal; nil while the process runs.
    private let outcome = Mutex<Int32?>(nil)

    private init(pid: pid_t) {
        self.pid = pid
    }

    /// Starts a program in a process group of its own, so that Ctrl-C reaches only the bench.
    ///
    /// - Parameters:
    ///   - command: The program, found on `PATH` unless it has a slash, and its arguments.
    ///   - environment: What is added to the bench's own environment, less any `PUNCTUAL_*`.
    ///   - log: The file to which both outputs are appended.
    /// - Returns: The running process.
    /// - Throws: if the program cannot be executed.
    static func start(
        _ command: [String],
        environment: [String: String] = [:],
        log: String
    ) throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK)
        )

        var pid = pid_t()
        let status = withCStrings(command) { arguments in
            withCStrings(variables(adding: environment)) { variables in
                posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
            }
        }
        guard status == 0 else {
            throw BenchError(
                "\(command[0]) could not be started: \(String(cString: strerror(status)))"
            )
        }
        return ChildProcess(pid: pid)
    }

    /// Runs a program to its end.
    ///
    /// If it does not exit with 0, the error's message ends with the last lines of `log`.
    static func run(
        _ command: [String],
        environment: [String: String] = [:],
        log: String
    ) throws {
        let status = try start(command, environment: environment, log: log).wait()
        guard status == 0 else {
            let words = command.joined(separator: " ")
            throw BenchError("\(words) ended with status \(status)\n\(tail(of: log))")
        }
    }

    /// Waits for the end, and returns the exit status, or 128 and the signal.
    @discardableResult
    func wait() -> Int32 {
        outcome.withLock { outcome in
            let status = outcome ?? collect(0) ?? -1
            outcome = status
            return status
        }
    }

    /// Whether it has ended.
    var hasEnded: Bool {
        outcome.withLock { outcome in
            outcome = outcome ?? collect(WNOHANG)
            return outcome != nil
        }
    }

    /// Sends a signal, unless the process has ended and its number may be another's.
    func send(_ signal: Int32) {
        if !hasEnded { kill(pid, signal) }
    }

    private func collect(_ options: Int32) -> Int32? {
        var status: Int32 = 0
        var collected: pid_t
        repeat { collected = waitpid(pid, &status, options) } while collected < 0 && errno == EINTR
        guard collected == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    /// The last lines of a log, for an error message.
    static func tail(of log: String) -> String {
        let text = (try? readFile(log)) ?? "(no log at \(log))"
        return text.split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    private static func variables(adding added: [String: String]) -> [String] {
        var inherited: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = text.prefix { $0 != "=" }
            if !name.hasPrefix("PUNCTUAL_"), added[String(name)] == nil { inherited.append(text) }
            next += 1
        }
        return inherited + added.map { "\($0)=\($1)" }
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
