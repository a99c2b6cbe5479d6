// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// Two engines over one database, of which one falls silent without dying.
    @Suite struct TakeoverTests {
        private static let roles = ["PUNCTUAL_ROLES": "api,engine,realtime"]

        @Test func `another engine takes over from a suspended one, which then stays silent`()
            async throws
        {
            let database = try await TestDatabase.make("takeover")
            try await RestartableServer.running(over: database.url, Self.roles) { owner in
                try await eventually("it owns all shards") {
                    try await database.ownedShards() == 64
                }
                try await RestartableServer.running(over: database.url, Self.roles) { other in
                    try await Follower.following(other) { follower in
                        let now = Instant.now
                        let created = try await other.createReminders(
                            at: (1...480).map { now + $0 * 30 }
                        )
                        try await eventually("some have fired") { follower.reminders.count >= 30 }
                        kill(try #require(owner.processID), SIGSTOP)
                        // What was sent before it was suspended may still arrive.
                        let seen = follower.reminders.count
                        try await eventually("the leases end, and the other one goes on") {
                            follower.reminders.count >= seen + 150
                        }
                        kill(try #require(owner.processID), SIGCONT)
                        try await expectEachOnce(created, follower, database)
                        #expect(await owner.isAlive())
                    }
                }
            }
        }
    }
}
