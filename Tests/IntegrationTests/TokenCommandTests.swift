// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import PunctualTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct TokenCommandTests {
    private static let secret = "a secret that is longer than thirty-two bytes"

    private func run(_ database: TestDatabase, _ arguments: String...) throws -> Executable.Outcome
    {
        try Executable.run(
            ["token"] + arguments,
            environment: ["PUNCTUAL_DATABASE_URL": database.url]
        )
    }

    /// The status and the user of an answer to `GET /api/me`.
    private func me(
        _ server: RunningServer,
        _ token: String,
        for user: String? = nil
    ) async throws -> (status: Int, user: String?) {
        var request = URLRequest(url: try #require(URL(string: server.url + "/api/me")))
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        if let user { request.setValue(user, forHTTPHeaderField: "X-Punctual-User") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let status = try #require(response as? HTTPURLResponse).statusCode
        return (status, answer?["user_id"] as? String)
    }

    @Test func `a token of the command line opens the API until it is deleted`() async throws {
        let database = try await RunningServer.makeDatabase("tokens")
        let server = try RunningServer(database, environment: ["PUNCTUAL_JWT_SECRET": Self.secret])
        let own = try run(database, "create", "--user", "ana", "--name", "backup")
        #expect(own.status == 0, "\(own.errors)")
        let ownText = try #require(own.lines.first.map(String.init))
        let ana = try await me(server, ownText)
        #expect(ana.status == 200 && ana.user == "ana")
        #expect(try await me(server, ownText, for: "ben").status == 403)

        let backend = try run(
            database,
            "create",
            "--user",
            "svc",
            "--name",
            "backend",
            "--act-for-others",
            "--expires",
            "P30D"
        )
        let backendText = try #require(backend.lines.first.map(String.init))
        let ben = try await me(server, backendText, for: "ben")
        #expect(ben.status == 200 && ben.user == "ben")

        let list = try run(database, "list", "--user", "svc")
        #expect(list.lines.count == 1)
        #expect(list.output.contains("for others  backend") && list.output.contains("until 20"))
        #expect(!list.output.contains(backendText))

        let id = String(try #require(list.output.split(separator: " ").first))
        let foreign = try run(database, "delete", "--user", "ana", id)
        #expect(foreign.status != 0 && foreign.errors.contains("There is no token \(id)"))
        #expect(try run(database, "delete", "--user", "svc", id).status == 0)
        #expect(try await me(server, backendText, for: "ben").status == 401)
    }

    @Test func `says what is wrong with what it was given`() async throws {
        let database = try await RunningServer.makeDatabase("token_errors")
        for (arguments, expected) in [
            (["create", "--user", "a", "--name", "b", "--expires", "30 days"], "P30D"),
            (["create", "--user", "a", "--name", "b", "--expires", "-P1D"], "P30D"),
            (["create", "--user", "a", "--name", ""], "/name"),
            (["list", "--user", ""], "--user"),
        ] {
            let outcome = try Executable.run(
                ["token"] + arguments,
                environment: ["PUNCTUAL_DATABASE_URL": database.url]
            )
            #expect(outcome.status != 0 && outcome.errors.contains(expected), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
