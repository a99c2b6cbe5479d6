// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct HealthRoutesTests {
    @Test func `answers health, readiness and metrics in every role`() async throws {
        var server = TestServer()
        server.configuration.servesTasks = false
        server.configuration.servesUpdates = false
        try await server.test { client in
            #expect(try await client.get("/healthz").status == 200)
            #expect(try await client.get("/readyz").json["status"]?.text == "ready")
            #expect(try await client.get("/api/tasks").status == 404)
            #expect(try await client.get("/api/updates").status == 404)
            let head = try await client.send(.head, "/healthz")
            #expect(head.status == 200 && head.text.isEmpty)
            let metrics = try await client.get("/metrics")
            #expect(metrics.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(
                metrics.text.contains(
                    "punctual_http_requests_total"
                        + "{method=\"GET\",route=\"/readyz\",status=\"2xx\"} 1\n"
                )
            )
            #expect(metrics.text.contains("route=\"NotFound\",status=\"4xx\"} 2\n"))
        }
    }

    @Test func `is unready with a reason when something required is wrong`() async throws {
        var server = TestServer()
        server.readiness = ReadinessReport(checks: [
            .init("database", problem: "It cannot be reached."),
            .init("transport", problem: "It is slow.", isRequired: false),
        ])
        try await server.test { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.json["checks"]?.elements.first?["problem"]?.text != nil)
        }
        server.readiness.checks.removeFirst()
        try await server.test { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 200)
        }
    }
}
