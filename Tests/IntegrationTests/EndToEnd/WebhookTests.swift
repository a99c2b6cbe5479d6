// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// Fired reminders reach a webhook, or the dead letters.
    @Suite struct WebhookTests {
        /// Accepts the task "flaky" at the third attempt, and refuses "gone" for good.
        private static func answer(_ request: HTTPMessage, _ earlier: [HTTPMessage]) -> Int {
            guard request.body.contains(#""flaky""#) else { return 410 }
            return earlier.count { $0.body == request.body } < 2 ? 500 : 200
        }

        @Test func `a delivery is repeated until accepted, and given up when refused`()
            async throws
        {
            let database = try await TestDatabase.make("webhook")
            try await WebhookListener.running(answer: Self.answer) { listener in
                let environment = [
                    "PUNCTUAL_WEBHOOK_URL": listener.url,
                    "PUNCTUAL_WEBHOOK_SECRET": "whsec_c2VjcmV0",
                    "PUNCTUAL_WEBHOOK_ALLOW": "127.0.0.0/8",
                ]
                try await RestartableServer.running(over: database.url, environment) { server in
                    for title in ["flaky", "gone"] {
                        let at = (Instant.now + 200).text
                        try await server.createTask(
                            #"{"title":"\#(title)","reminders":[{"at":"\#(at)"}]}"#
                        )
                    }
                    try await eventually("three attempts and one") {
                        listener.requests.count == 4
                    }
                    try await eventually("nothing is left to deliver") {
                        try await database.number("SELECT count(*) FROM deliveries") == 0
                    }
                    try await Self.check(listener.requests, database)
                }
            }
        }

        private static func check(
            _ requests: [HTTPMessage],
            _ database: TestDatabase
        ) async throws {
            let recorded = try await database.texts(
                "SELECT event_id::text FROM event_log WHERE topic = 'reminders'"
            )
            for request in requests {
                let id = try #require(request.headers["webhook-id"])
                #expect(recorded.contains(id) && request.body.contains(id))
                #expect(request.headers["webhook-timestamp"].flatMap { Int64($0) } != nil)
                let signature = try #require(request.headers["webhook-signature"])
                #expect(signature.wholeMatch(of: /v1,[A-Za-z0-9+\/]{43}=/) != nil)
            }
            #expect(Set(requests.compactMap { $0.headers["webhook-id"] }).count == 2)
            let dead = try await database.texts(
                "SELECT last_error FROM dead_letters WHERE payload->>'title' = 'gone'"
            )
            #expect(dead.count == 1 && dead[0].contains("410"))
            #expect(try await database.number("SELECT count(*) FROM dead_letters") == 1)
        }
    }
}
