// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

/// The server, from outside; one test after another, because they block while they wait for it.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ServeTests {
    @Test func `tells the service manager that it is ready, alive and stopping`() async throws {
        let database = try await RunningServer.makeDatabase("notify")
        let server = try RunningServer(database, environment: ["WATCHDOG_USEC": "2000000"])
        try server.notifications.wait { $0 == "WATCHDOG=1" }
        try server.notifications.wait { $0.hasPrefix("STATUS=64 shards") }
        #expect(server.end(with: SIGTERM) == 0)
        try server.notifications.wait { $0 == "STOPPING=1" }
    }

    @Test func `imports a calendar once under one key`() async throws {
        let database = try await RunningServer.makeDatabase("import")
        let server = try RunningServer(database)
        let sample = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "deploy/sample.ics").path
        for _ in 0..<2 {
            let arguments = ["import", sample, "--url", server.url, "--idempotency-key", "once"]
            let outcome = try await blocking { try Executable.run(arguments) }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("tasks from 10 entries"))
            #expect(outcome.output.contains("what could not be kept as it was:"))
        }
        let answer = try await server.request("/api/tasks?limit=500").1 as? [String: Any]
        #expect((answer?["items"] as? [Any])?.count == 9)
    }
}
