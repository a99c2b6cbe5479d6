// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualTestSupport
import Testing

extension EndToEndTests {
    /// What whoever operates a server asks of it and of its database.
    @Suite struct OperatorTests {
        private static func run(
            _ arguments: [String],
            _ database: TestDatabase
        ) async throws -> Executable.Outcome {
            let url = database.url
            return try await blocking {
                try Executable.run(arguments, environment: ["PUNCTUAL_DATABASE_URL": url])
            }
        }

        @Test func `metrics and shards show the whole database`() async throws {
            let database = try await TestDatabase.make("operator")
            try await RestartableServer.running(over: database.url) { server in
                try await eventually("it owns all shards") {
                    try await database.ownedShards() == 64
                }
                try await server.createReminders(at: [Instant.now + 86_400_000])
                try await eventually("the creation is acknowledged") {
                    try await database.number("SELECT count(*) FROM outbox") == 0
                }
                let metrics = try await server.send("GET", "/metrics").body
                #expect(metrics.contains("\npunctual_armed 1"))
                #expect(metrics.contains("\npunctual_outbox_depth 0"))
                #expect(metrics.contains("\npunctual_next_due_timestamp_seconds 1"))
                let owners = metrics.matches(of: /punctual_shard_owner\{owner="engine \d+",shard=/)
                #expect(owners.count == 64)
                let table = try await Self.run(["shards"], database)
                #expect(table.lines.count == 66)
                #expect(table.output.contains("64 of 64 shards owned, by 1 engines"))
                let json = try await Self.run(["shards", "--json"], database)
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
                let shards = try #require((object as? [String: [[String: Any]]])?["shards"])
                #expect(shards.count == 64)
                #expect(shards.compactMap { $0["waiting"] as? Int }.reduce(0, +) == 1)
                let outbox = try await Self.run(["outbox"], database)
                #expect(outbox.output == "The outbox is empty.\n")
            }
        }

        @Test func `a replay reaches clients again, and changes nothing else`() async throws {
            let database = try await TestDatabase.make("replay")
            try await RestartableServer.running(over: database.url) { server in
                try await Follower.following(server) { follower in
                    let start = Instant.now
                    let created = try await server.createReminders(
                        at: (1...20).map { start + $0 * 10 }
                    )
                    try await expectEachOnce(created, follower, database)
                    let range = ["outbox", "replay", "--from", start.text, "--topic", "reminders"]
                    let dry = try await Self.run(range + ["--dry-run"], database)
                    #expect(dry.output.contains("20 events would be sent"), "\(dry.errors)")
                    #expect(follower.events.count == 20)
                    let replay = try await Self.run(range, database)
                    #expect(replay.output == "20 events sent\n", "\(replay.errors)")
                    try await eventually("all are received again") {
                        follower.events.count >= 40
                    }
                    #expect(Set(follower.events.map(\.eventId)).count == 20)
                    #expect(try await database.recordedReminders() == 20)
                }
            }
        }

        @Test func `a replay of a range that is none is refused`() async throws {
            let database = TestDatabase(name: "none", url: "postgresql://nowhere/none")
            for arguments in [
                ["--from", "yesterday"], ["--from", "2030-01-01T00:00:00Z"],
                ["--from", "2020-01-01T00:00:00Z", "--topic", "engine"],
                ["--from", "2020-01-01T00:00:00Z", "--rate", "0"],
            ] {
                let outcome = try await Self.run(["outbox", "replay"] + arguments, database)
                #expect(outcome.status != 0 && outcome.errors.contains("--"))
            }
        }
    }
}
