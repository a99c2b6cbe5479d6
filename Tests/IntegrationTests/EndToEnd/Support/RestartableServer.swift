// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// `punctual serve` on a free port, over a database of the test's; it can be stopped and started
/// again.
final class RestartableServer: Sendable {
    private struct Run: Sendable {
        var process: Process
        var log: URL
        var port: UInt16?
    }
    private let environment: [String: String]
    private let folder: URL
    private let run = Mutex<Run?>(nil)
    private let runs = Mutex(0)

    private init(_ databaseURL: String, _ environment: [String: String]) throws {
        self.environment = Executable.inherited.merging(environment) { $1 }.merging([
            "PUNCTUAL_DATABASE_URL": databaseURL, "PUNCTUAL_HTTP_PORT": "0",
        ]) { $1 }
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Migrates the database, serves while `body` runs, and leaves nothing behind.
    static func running(
        over databaseURL: String,
        _ environment: [String: String] = [:],
        _ body: (RestartableServer) async throws -> Void
    ) async throws {
        let server = try RestartableServer(databaseURL, environment)
        // What is left over does no harm.
        defer { try? FileManager.default.removeItem(at: server.folder) }
        do {
            let settings = server.environment
            let migration = try await blocking {
                try Executable.run(["migrate"], environment: settings)
            }
            guard migration.status == 0 else { throw TestFailure(description: migration.errors) }
            try await server.start()
            try await body(server)
        } catch {
            await server.kill()
            throw error
        }
        await server.kill()
    }

    /// Starts it, and returns when it listens.
    func start() async throws {
        let number = runs.withLock { runs in
            runs += 1
            return runs
        }
        let log = folder.appending(path: "log-\(number)")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["serve"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        run.withLock { $0 = Run(process: process, log: log) }
        try await eventually("the server listens") {
            guard process.isRunning else { throw TestFailure(description: "it ended: \(self.log)") }
            let match = try String(contentsOf: log, encoding: .utf8)
                .firstMatch(of: /127\.0\.0\.1:(\d+)[\s"]/)
            run.withLock { $0?.port = match.flatMap { UInt16($0.1) } }
            return match != nil
        }
    }

    /// Kills it, as a crash would, and returns when it is gone.
    func kill() async { _ = await end(by: SIGKILL) }

    /// Asks it to stop.
    ///
    /// - Returns: its exit status; nil if it was ended by a signal, or did not run.
    func stop() async -> Int32? { await end(by: SIGTERM) }

    private func end(by signal: Int32) async -> Int32? {
        let ended = run.withLock { run in
            run?.port = nil
            return run?.process
        }
        guard let process = ended else { return nil }
        Foundation.kill(process.processIdentifier, signal)
        // It throws nothing, for waiting does not.
        try? await blocking { process.waitUntilExit() }
        run.withLock { $0 = nil }
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }

    /// Where it listens; nil while it does not.
    var port: UInt16? { run.withLock { $0?.port } }

    /// Its process.
    var processID: Int32? { run.withLock { $0?.process.processIdentifier } }

    /// What it has logged since its last start.
    var log: String {
        let log = run.withLock { $0?.log }
        // For messages only.
        return log.flatMap { try? String(contentsOf: $0, encoding: .utf8) } ?? ""
    }
}

// MARK: - Requests

extension RestartableServer {
    /// Sends a request.
    func send(
        _ method: String,
        _ target: String,
        _ body: String = "",
        headers: [String: String] = [:]
    ) async throws -> HTTPAnswer {
        guard let port else { throw POSIXError(.ECONNREFUSED) }
        return try await .to(method, target, port: port, headers: headers, body: Array(body.utf8))
    }

    /// Sends a request until it is answered by success, under one idempotency key.
    ///
    /// A request whose connection breaks may have been carried out or not; only repeating it tells.
    func persist(_ method: String, _ target: String, _ body: String) async throws -> HTTPAnswer {
        let headers = ["Idempotency-Key": UUID().uuidString]
        var answer: HTTPAnswer?
        try await eventually("\(method) \(target) succeeds") {
            do { answer = try await send(method, target, body, headers: headers) } catch {
                return false
            }
            return answer.map { (200..<300).contains($0.status) } ?? false
        }
        guard let answer else { throw TestFailure(description: "no answer") }
        return answer
    }

    /// Creates a task from its JSON.
    @discardableResult
    func createTask(_ json: String) async throws -> CreatedTask {
        try await persist("POST", "/api/tasks", json).json()
    }

    /// Creates a task with one reminder for each instant, all in one request.
    @discardableResult
    func createReminders(at instants: [Instant]) async throws -> [CreatedTask] {
        let tasks = instants.map { #"{"title":"t","reminders":[{"at":"\#($0.text)"}]}"# }
        return try await persist("POST", "/api/tasks/batch", "[\(tasks.joined(separator: ","))]")
            .json()
    }

    /// Whether it answers at all.
    func isAlive() async -> Bool { (try? await send("GET", "/healthz").status) == 200 }

    /// Whether it says that it is ready.
    func isReady() async -> Bool {
        // A server that does not answer is not ready either.
        (try? await send("GET", "/readyz").status) == 200
    }
}

/// A task as the API answers it, as far as tests look at it.
struct CreatedTask: Decodable, Sendable {
    struct Reminder: Decodable, Sendable {
        var id: Int64
        var at: Instant
    }
    var id: Int64
    var reminders: [Reminder]
}
