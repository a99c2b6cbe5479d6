// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import Testing

@testable import PunctualHTTP

/// Believes any bearer token or session cookie: the user is the token.
private struct AnyToken: Authenticator {
    func user(of fields: HTTPFields) async throws -> User {
        let bearer = fields[.authorization].map { String($0.dropFirst("Bearer ".count)) }
        guard let token = SessionCookie.token(in: fields) ?? bearer, token != "wrong" else {
            throw HTTPProblem(.unauthorized, "Send a token.")
        }
        return User(id: token)
    }
}

@Suite struct SessionRoutesTests {
    private var server: TestServer {
        var server = TestServer()
        server.authenticator = AnyToken()
        return server
    }

    @Test func `signs in by cookie, and asks for the proof with every change`() async throws {
        try await server.test { client in
            #expect(try await client.get("/api/me").status == 401)
            let refused = try await client.post("/api/session", #"{"token":"wrong"}"#)
            #expect(refused.status == 401)
            #expect(try await client.post("/api/session", "{}").status == 422)
            let signedIn = try await client.post("/api/session", #"{"token":"ada"}"#)
            #expect(signedIn.status == 200)
            let proof = String(
                SessionCookie.fields(keeping: "ada", isSecure: false)[values: .setCookie][1]
                    .dropFirst("punctual_csrf=".count).prefix { $0 != ";" }
            )
            let cookie = ["cookie": "a=b; punctual_session=ada; punctual_csrf=\(proof)"]
            let me = try await client.send(.get, "/api/me", headers: cookie)
            #expect(me.json["user_id"]?.text == "ada")
            let body = #"{"title":"a"}"#
            #expect(try await client.post("/api/tasks", body, headers: cookie).status == 403)
            let proved = cookie.merging(["x-csrf-token": proof]) { $1 }
            #expect(try await client.post("/api/tasks", body, headers: proved).status == 201)
            let foreign = proved.merging(["origin": "https://evil.example"]) { $1 }
            #expect(try await client.post("/api/tasks", body, headers: foreign).status == 403)
            // A bearer token proves itself: no page of another site has one.
            let bearer = ["authorization": "Bearer ada"]
            #expect(try await client.post("/api/tasks", body, headers: bearer).status == 201)
            #expect(try await client.send(.delete, "/api/session").status == 204)
        }
    }

    @Test func `the token's cookie is for no script and no other site`() {
        let fields = SessionCookie.fields(keeping: "t", isSecure: true)[values: .setCookie]
        #expect(
            fields[0].hasPrefix("punctual_session=t; HttpOnly; Path=/; SameSite=Strict; Secure")
        )
        #expect(!fields[1].contains("HttpOnly") && fields[1].contains("SameSite=Strict"))
        #expect(!fields[0].contains("Max-Age"), "a token that does not end: while the browser runs")
        let lasting = SessionCookie.fields(keeping: "t", for: 3_600, isSecure: true)
        #expect(lasting[values: .setCookie].allSatisfy { $0.hasSuffix("; Max-Age=3600") })
        let forgotten = SessionCookie.fields(keeping: nil, isSecure: false)[values: .setCookie]
        #expect(forgotten.allSatisfy { $0.hasSuffix("Max-Age=0") })
    }

    @Test(arguments: ["", "wrong"])
    func `no route of a user answers a stranger`(token: String) async throws {
        try await server.test { client in
            let headers = token.isEmpty ? [:] : ["authorization": "Bearer \(token)"]
            for path in [
                "/api/tasks", "/api/tasks/1", "/api/tasks/search?q=a", "/api/tags", "/api/me",
                "/api/tasks/1/history", "/api/tasks/1/reminders", "/api/tasks.ics", "/api/updates",
            ] {
                #expect(
                    try await client.send(.get, path, headers: headers).status == 401,
                    "\(path)"
                )
            }
            for path in [
                "/api/tasks", "/api/tasks/batch", "/api/tasks/1/complete", "/api/tasks/1/reopen",
                "/api/tasks/1/pause", "/api/tasks/1/skip-next", "/api/tasks/pause", "/mcp",
                "/api/tasks/1/reminders/1/snooze", "/api/import/ics", "/api/recurrence/preview",
            ] {
                let answer = try await client.post(path, "{", headers: headers)
                #expect(answer.status == 401, "\(path)")
            }
        }
    }
}
