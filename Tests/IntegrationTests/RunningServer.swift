// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import PunctualTestSupport
import Testing

/// A `punctual serve` over a database of its own.
///
/// It says by `NOTIFY_SOCKET` when it is ready and where, so that nobody has to ask repeatedly.
final class RunningServer {
    private let process = Process()
    let notifications: NotifySocket
    /// Where it listens, such as `http://127.0.0.1:40123`.
    private(set) var url = ""

    /// Makes a database and brings its schema up to date.
    static func makeDatabase(_ purpose: String) async throws -> TestDatabase {
        let database = try await TestDatabase.make(purpose)
        let outcome = try Executable.run(
            ["migrate"],
            environment: ["PUNCTUAL_DATABASE_URL": database.url]
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
        return database
    }

    /// Starts a server and waits until it is ready.
    init(_ database: TestDatabase, environment: [String: String] = [:]) throws {
        notifications = try NotifySocket()
        process.executableURL = Executable.url
        process.arguments = ["serve", "--log-level", "warning"]
        process.environment = [
            "PUNCTUAL_DATABASE_URL": database.url, "PUNCTUAL_HTTP_PORT": "0",
            "NOTIFY_SOCKET": notifications.path,
        ].merging(Executable.inherited) { $1 }.merging(environment) { $1 }
        try process.run()
        try notifications.wait { $0 == "READY=1" }
        let prefix = "STATUS=serving on "
        url = "http://" + (try notifications.wait { $0.hasPrefix(prefix) }).dropFirst(prefix.count)
    }

    deinit { if process.isRunning { end(with: SIGKILL) } }

    /// Sends a signal and waits for the end.
    ///
    /// - Returns: the exit status, or the signal that ended it.
    @discardableResult
    func end(with signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Asks for a path, and posts a body if there is one.
    ///
    /// - Returns: the status and the JSON of the answer.
    func request(_ path: String, posting body: String? = nil) async throws -> (Int, Any) {
        var request = URLRequest(url: try #require(URL(string: url + path)))
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = try #require(response as? HTTPURLResponse).statusCode
        return (status, try JSONSerialization.jsonObject(with: data))
    }
}
