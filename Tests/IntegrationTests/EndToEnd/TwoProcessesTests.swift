// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// One process takes requests and follows events, another one fires.
    @Suite struct TwoProcessesTests {
        /// The process that fires looks once a second for what it was not told of, and so does the
        /// one that follows; the rest is for a machine that is busy with other tests.
        private static let latest = 2_000 + 2_000

        @Test func `a client receives once what another process released`() async throws {
            let database = try await TestDatabase.make("two")
            let roles = "PUNCTUAL_ROLES"
            try await RestartableServer.running(over: database.url, [roles: "engine"]) { _ in
                try await RestartableServer.running(over: database.url, [roles: "api,realtime"]) {
                    api in
                    try await Follower.following(api) { follower in
                        let soon = Instant.now + 300
                        let created = try await api.createReminders(at: [soon, soon + 2_000])
                        try await expectEachOnce(created, follower, database)
                        #expect(follower.events.count == 2, "each is received once")
                        for event in follower.events {
                            let due = try #require(event.remindAt)
                            #expect(event.received < due + Self.latest)
                        }
                    }
                }
            }
        }
    }
}
