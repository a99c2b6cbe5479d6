// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What settings do to the start of the executable.
@Suite struct ConfigurationTests {
    /// Nobody listens there, so that a start which gets so far ends.
    private static let nowhere = "postgresql:///punctual?host=/nonexistent&connect_timeout=1"

    private static func serve(
        _ environment: [String: String],
        arguments: [String] = []
    ) async throws -> Executable.Outcome {
        try await blocking {
            try Executable.run(
                ["serve"] + arguments,
                environment: ["PUNCTUAL_DATABASE_URL": nowhere].merging(environment) { $1 }
            )
        }
    }

    private static func withFile<Value>(
        _ content: String,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try content.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }  // Left over, it does no harm.
        return try await body(file.path)
    }

    @Test(arguments: [
        ("PUNCTUAL_HTTP_PORT", "99999"), ("PUNCTUAL_HTTP_PORT", "http"),
        ("PUNCTUAL_HTTP_HOST", "0.0.0.0"), ("PUNCTUAL_HTTP_HOST", "127.evil.example"),
        ("PUNCTUAL_ROLES", "api,enigne"), ("PUNCTUAL_TRANSPORT", "pigeon"),
        ("PUNCTUAL_SHARDS", "0"), ("PUNCTUAL_LEAD", "1s"), ("PUNCTUAL_LEAD", "PT61S"),
        ("PUNCTUAL_CATCH_UP_RATE", "-1"), ("PUNCTUAL_RETENTION", "P0D"),
        ("PUNCTUAL_RETENTION", "PT1H"), ("PUNCTUAL_WEBHOOK_URL", "ftp://example.org"),
        ("PUNCTUAL_JWT_SECRET", "secret"), ("PUNCTUAL_DATABASE_URL", ""),
        ("PUNCTUAL_DAPR_STATESTORE", "state store"), ("PUNCTUAL_DAPR_API_APP_ID", "a/b"),
    ])
    func `refuses a value out of range and names the setting`(name: String, value: String)
        async throws
    {
        let outcome = try await Self.serve([name: value])
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains(name), "\(outcome.errors)")
    }

    @Test func `refuses an unknown key in the file and names its line`() async throws {
        try await Self.withFile("# ports\nhttp_port: 8081\nhtpt_host: ::1\n") { path in
            let outcome = try await Self.serve([:], arguments: ["--config", path])
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("line 3"), "\(outcome.errors)")
            #expect(outcome.errors.contains("htpt_host"), "\(outcome.errors)")
        }
    }

    @Test(arguments: [
        "http_port:\n  nested: 1\n", "{http_port: 1}\n", "- http_port\n", "http_port 1\n",
    ])
    func `refuses a file that is no flat mapping`(content: String) async throws {
        try await Self.withFile(content) { path in
            let outcome = try await Self.serve([:], arguments: ["--config", path])
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(path), "\(outcome.errors)")
        }
    }

    @Test func `takes the environment before the file, and lists in both spellings`() async throws {
        try await Self.withFile("http_port: 70000\nroles: [api, engine]\nshards: 0\n") { path in
            let outcome = try await Self.serve(
                ["PUNCTUAL_HTTP_PORT": "8081"],
                arguments: ["--config", path]
            )
            // The port of the environment passes, and so do the roles.
            #expect(outcome.errors.contains("PUNCTUAL_SHARDS is \"0\""), "\(outcome.errors)")
        }
    }

    @Test func `reads a secret from a file, and shows it to nobody`() async throws {
        try await Self.withFile("whsec_!!!\n") { path in
            let outcome = try await Self.serve([
                "PUNCTUAL_WEBHOOK_URL": "https://example.org/hook",
                "PUNCTUAL_WEBHOOK_SECRET_FILE": path,
            ])
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("PUNCTUAL_WEBHOOK_SECRET"), "\(outcome.errors)")
            #expect(!outcome.errors.contains("!!!"))
        }
    }

    @Test func `reads a secret from the systemd credentials`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // Left over, it does no harm.
        try "whsec_!!!".write(
            to: folder.appending(path: "webhook_secret"),
            atomically: true,
            encoding: .utf8
        )
        let outcome = try await Self.serve([
            "PUNCTUAL_WEBHOOK_URL": "https://example.org/hook",
            "CREDENTIALS_DIRECTORY": folder.path,
        ])
        #expect(outcome.errors.contains("PUNCTUAL_WEBHOOK_SECRET"), "\(outcome.errors)")
    }

    @Test func `warns of a variable that means nothing`() async throws {
        let outcome = try await Self.serve(["PUNCTUAL_SERVICE_HOST": "10.0.0.1"])
        #expect(outcome.errors.contains("PUNCTUAL_SERVICE_HOST"), "\(outcome.errors)")
    }

    @Test func `doctor says what is wrong and what to do, and fails`() async throws {
        let outcome = try await blocking {
            try Executable.run(["doctor"], environment: ["PUNCTUAL_DATABASE_URL": Self.nowhere])
        }
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("ok    tzdata: release 20"))
        #expect(outcome.output.contains("fail  database"))
        #expect(outcome.output.contains("→"))
    }

    @Test(arguments: [
        [], ["serve"], ["recurrence", "expand"], ["import"], ["doctor"], ["migrate"],
    ])
    func `help teaches`(command: [String]) async throws {
        let outcome = try await blocking { try Executable.run(command + ["--help"]) }
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: punctual"))
    }
}
