// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import JWTKit
import PunctualCore
import PunctualTime
import Testing

@testable import PunctualHTTP

/// Every route, tried with what should not open it.
@Suite struct IsolationTests {
    private static let secret = "a secret that is longer than thirty-two bytes"

    private struct Payload: JWTPayload {
        var sub: String
        var exp: Int
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private func token(_ user: String, seconds: Int = 600, secret: String = secret) async throws
        -> [String: String]
    {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        let now = Int(TestServer.now.microsecondsSinceEpoch / 1_000_000)
        let text = try await keys.sign(Payload(sub: user, exp: now + seconds))
        return ["authorization": "Bearer \(text)"]
    }

    private func server() async -> TestServer {
        var server = TestServer()
        var configuration = TokenConfiguration()
        configuration.secret = Self.secret
        server.authenticator = await TokenAuthenticator(
            configuration,
            apiTokens: APITokenService(store: server.users, shards: ShardMap(count: 4)),
            clock: { TestServer.now },
            register: { _ in }
        )
        return server
    }

    /// The routes that ask whose request it is, with ids that exist in place of their names.
    private func guarded(
        _ server: TestServer,
        task: Int64,
        reminder: Int64,
        other: Int64
    ) -> [(method: HTTPRequest.Method, path: String)] {
        makeRoutes(configuration: server.configuration, services: server.services).all
            .filter { !$0.isOpen }
            .map { route in
                let isOfTask = route.path.hasPrefix("/api/tasks/")
                let path = route.path
                    .replacing("{reminder_id}", with: "\(reminder)")
                    .replacing("{id}", with: isOfTask ? "\(task)" : "\(other)")
                return (route.method, path)
            }
    }

    @Test func `no route answers without a token that is good`() async throws {
        let server = await server()
        let refused = [
            [:], try await token("ana", seconds: -60),
            try await token("ana", secret: "another secret that is long enough too"),
            ["authorization": "Bearer punctual_1_\(String(repeating: "0", count: 64))"],
            ["authorization": "Bearer x"], ["authorization": "Basic YTpi"],
            ["cookie": "punctual_session=x"],
        ]
        let routes = guarded(server, task: 1, reminder: 1, other: 1)
        #expect(routes.count > 40)
        try await server.test { client in
            for (method, path) in routes {
                for headers in refused {
                    let answer = try await client.send(
                        method,
                        path,
                        method == .get || method == .head ? nil : "{}",
                        headers: headers
                    )
                    let isCookie = headers["cookie"] != nil
                    #expect(
                        answer.status == 401 || isCookie && answer.status == 403,
                        "\(method) \(path) with \(headers): \(answer.status)"
                    )
                }
            }
        }
    }

    @Test func `no route shows or changes what is another user's`() async throws {
        let server = await server()
        let (ana, eve) = (try await token("ana"), try await token("eve"))
        try await server.test { client in
            let created = try await client.post(
                "/api/tasks",
                """
                {"title":"Ana's secret","tags":["hers"],"due_date":"2026-02-01T09:00:00Z",
                "rrule":"FREQ=DAILY","reminders":[{"offset":"-PT1H"}]}
                """,
                headers: ana
            )
            let task = try #require(created.json["id"]?.integer)
            let reminder = try #require(created.json["reminders"]?.elements.first?["id"]?.integer)
            let tags = try await client.send(.get, "/api/tags", headers: ana)
            let tag = tags.json["items"]?.elements.first?["id"]?.integer ?? 1
            _ = try await client.post("/api/tokens", #"{"name":"hers"}"#, headers: ana)
            let before = try await client.send(.get, "/api/tasks/\(task)", headers: ana)

            let bodies = [
                "{}", #"{"title":"mine"}"#, #"{"name":"mine"}"#, #"{"for":"PT10M"}"#,
                #"{"at":"2026-03-01T09:00:00Z"}"#, "[\(before.text)]",
            ]
            // The streams, which do not end, have tests of their own.
            for (method, path) in guarded(server, task: task, reminder: reminder, other: tag)
            where path != "/api/updates" && path != "/ws" {
                for body in method == .get || method == .head ? [nil] : bodies.map(Optional.some) {
                    let answer = try await client.send(method, path, body, headers: eve)
                    #expect(
                        !answer.text.contains("Ana's secret") || body?.contains("Ana") == true,
                        "\(method) \(path)"
                    )
                    if path.hasPrefix("/api/tasks/\(task)") {
                        #expect([404, 405].contains(answer.status), "\(method) \(path)")
                    }
                }
            }
            let after = try await client.send(.get, "/api/tasks/\(task)", headers: ana)
            #expect(after.text == before.text)
            let tokens = try await client.send(.get, "/api/tokens", headers: ana)
            #expect(tokens.json["items"]?.elements.count == 1)
        }
    }

    @Test func `a program's token opens its user's tasks, until it is taken back`() async throws {
        let server = await server()
        let ana = try await token("ana")
        try await server.test { client in
            let made = try await client.post("/api/tokens", #"{"name":"backup"}"#, headers: ana)
            #expect(made.status == 201)
            let text = try #require(made.json["token"]?.text)
            #expect(text.hasPrefix("punctual_"))
            let bearer = ["authorization": "Bearer \(text)"]
            let me = try await client.send(.get, "/api/me", headers: bearer)
            #expect(me.json["user_id"]?.text == "ana")
            let other = bearer.merging(["x-punctual-user": "ben"]) { $1 }
            #expect(try await client.send(.get, "/api/me", headers: other).status == 403)
            let list = try await client.send(.get, "/api/tokens", headers: bearer)
            #expect(!list.text.contains(text))
            let id = try #require(made.json["id"]?.integer)
            let gone = try await client.send(.delete, "/api/tokens/\(id)", headers: ana)
            #expect(gone.status == 204)
            #expect(try await client.send(.get, "/api/me", headers: bearer).status == 401)
        }
    }

    @Test func `a token that acts for others is each of them, and itself`() async throws {
        let server = await server()
        let tokens = APITokenService(store: server.users, shards: ShardMap(count: 4))
        let made = try await tokens.make(
            name: "backend",
            actsForOthers: true,
            expiresAt: nil,
            user: User(id: "service")
        )
        try await server.test { client in
            for name in ["ben", "zoë", nil] {
                var headers = ["authorization": "Bearer \(made.text)"]
                headers["x-punctual-user"] = name
                let me = try await client.send(.get, "/api/me", headers: headers)
                #expect(me.json["user_id"]?.text == name ?? "service")
            }
        }
    }

    @Test func `one user's flood is refused, and nobody else's requests`() async throws {
        var server = TestServer()
        server.configuration.rateLimit = 2
        try await server.test { client in
            for _ in 0..<10 {
                #expect(try await client.get("/api/tasks").status == 200)
            }
            let refused = try await client.get("/api/tasks")
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") == "1")
            let other = try await client.send(.get, "/api/tasks", headers: ["x-user": "ben"])
            #expect(other.status == 200)
            #expect(try await client.get("/healthz").status == 200)
        }
    }

    @Test func `pages of named sites may read answers, and no others`() async throws {
        var server = TestServer()
        server.configuration.corsOrigins = ["https://app.example.com"]
        try await server.test { client in
            let asked = [
                "origin": "https://app.example.com", "access-control-request-method": "PUT",
            ]
            let preflight = try await client.send(.options, "/api/me", headers: asked)
            #expect(preflight.status == 204)
            let allowed = "Access-Control-Allow-Origin"
            #expect(preflight.header(allowed) == "https://app.example.com")
            let welcome = try await client.send(
                .get,
                "/api/tasks",
                headers: ["origin": "https://app.example.com"]
            )
            #expect(welcome.header(allowed) == "https://app.example.com")
            let stranger = try await client.send(
                .get,
                "/api/tasks",
                headers: ["origin": "https://evil.example.com"]
            )
            #expect(stranger.header(allowed) == nil)
            #expect(stranger.header("Vary") == "Origin")
        }
        try await TestServer().test { client in
            let asked = [
                "origin": "https://app.example.com", "access-control-request-method": "PUT",
            ]
            let refused = try await client.send(.options, "/api/me", headers: asked)
            #expect(refused.status == 405)
        }
    }
}
