// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// SIGTERM ends a server in good order, and the next one goes on at once.
    @Suite struct GracefulStopTests {
        @Test func `a stop acknowledges, gives the leases back, and loses nothing`() async throws {
            let database = try await TestDatabase.make("stop")
            try await RestartableServer.running(over: database.url) { server in
                try await Follower.following(server) { follower in
                    let now = Instant.now
                    let created = try await server.createReminders(
                        at: (1...300).map { now + $0 * 30 }
                    )
                    try await eventually("some have fired") { follower.reminders.count >= 60 }

                    let start = ContinuousClock.now
                    #expect(await server.stop() == 0)
                    #expect(ContinuousClock.now - start < .seconds(8))
                    #expect(follower.reminders.count < 300, "it was stopped in the middle")
                    #expect(try await database.ownedShards() == 0)
                    let recorded = try await database.texts(
                        """
                        SELECT payload->>'reminder_id' FROM event_log WHERE topic = 'reminders'
                        """
                    )
                    #expect(
                        Set(recorded.compactMap { Int64($0) }).isSuperset(of: follower.reminders)
                    )

                    try await server.start()
                    try await eventually("it owns all shards", within: .seconds(6)) {
                        try await database.ownedShards() == 64
                    }
                    try await expectEachOnce(created, follower, database)
                    #expect(follower.releasedAgain == 0, "nothing acknowledged is repeated")
                }
            }
        }
    }
}
