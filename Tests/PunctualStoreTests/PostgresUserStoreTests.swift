// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct PostgresUserStoreTests {
    private func register(
        _ fixture: StoreFixture,
        email: String? = nil,
        timezone: String? = nil
    ) async throws {
        let user = User(id: "u", email: email, timezone: timezone)
        try await fixture.tasks.upsertUser(user, shard: 7)
    }

    @Test func `keeps every part of a profile, for its user alone`() async throws {
        try await StoreFixture.with("profile") { fixture in
            let store = PostgresUserStore(pool: fixture.pool)
            #expect(try await store.profile(shard: 7, userID: "u") == nil)
            var profile = UserProfile()
            profile.email = "u@example.org"
            profile.timezone = "Europe/Lisbon"
            profile.defaultReminders = [
                try CalendarDuration("-P1DT2H"), try CalendarDuration("PT0S"),
            ]
            profile.quietHours = .init(start: 1_320, end: 420)
            profile.muted = [.email, .webPush]
            try await store.save(profile, shard: 7, userID: "u", ownsEmail: true)
            #expect(try await store.profile(shard: 7, userID: "u") == profile)
            #expect(try await store.profile(shard: 7, userID: "v") == nil)
            #expect(try await store.profile(shard: 8, userID: "u") == nil)

            var empty = UserProfile()
            empty.defaultReminders = []
            try await store.save(empty, shard: 7, userID: "u", ownsEmail: false)
            #expect(try await store.profile(shard: 7, userID: "u") == empty)
        }
    }

    @Test func `a token's claims fill what is empty, and never what was chosen`() async throws {
        try await StoreFixture.with("claims") { fixture in
            let store = PostgresUserStore(pool: fixture.pool)
            try await register(fixture, email: "old@example.org", timezone: "Asia/Tokyo")
            try await register(fixture, email: "new@example.org", timezone: "Europe/Paris")
            try await register(fixture)
            let seeded = try await store.profile(shard: 7, userID: "u")
            #expect(seeded?.email == "new@example.org" && seeded?.timezone == "Asia/Tokyo")

            var chosen = try #require(seeded)
            chosen.email = "mine@example.org"
            try await store.save(chosen, shard: 7, userID: "u", ownsEmail: true)
            try await register(fixture, email: "new@example.org")
            #expect(try await store.profile(shard: 7, userID: "u")?.email == "mine@example.org")
            // A later change of something else does not give the choice back.
            try await store.save(chosen, shard: 7, userID: "u", ownsEmail: false)
            try await register(fixture, email: "new@example.org")
            #expect(try await store.profile(shard: 7, userID: "u")?.email == "mine@example.org")
        }
    }

    @Test func `a feed opens its user's tasks until another replaces it`() async throws {
        try await StoreFixture.with("feed") { fixture in
            let store = PostgresUserStore(pool: fixture.pool)
            try await store.setFeed("7-first", shard: 7, userID: "u")
            #expect(try await store.user(ofFeed: "7-first", shard: 7)?.id == "u")
            #expect(try await store.user(ofFeed: "7-first", shard: 8) == nil)
            try await store.setFeed("7-second", shard: 7, userID: "u")
            #expect(try await store.user(ofFeed: "7-first", shard: 7) == nil)
            // What is saved of a profile leaves the feed alone.
            try await store.save(UserProfile(), shard: 7, userID: "u", ownsEmail: false)
            #expect(try await store.user(ofFeed: "7-second", shard: 7)?.id == "u")
            try await store.setFeed(nil, shard: 7, userID: "u")
            #expect(try await store.user(ofFeed: "7-second", shard: 7) == nil)
        }
    }

    @Test func `a token is known until it ends or is deleted, and kept as a digest`() async throws {
        try await StoreFixture.with("tokens") { fixture in
            let tokens = APITokenService(
                store: PostgresUserStore(pool: fixture.pool),
                shards: ShardMap(count: 64)
            )
            let (ana, eve) = (User(id: "ana"), User(id: "eve"))
            let made = try await tokens.make(
                name: "backend",
                actsForOthers: true,
                expiresAt: nil,
                user: ana
            )
            let bearer = try #require(await tokens.bearer(of: made.text))
            #expect(bearer.user.id == "ana" && bearer.actsForOthers)
            let past = WallInstant(secondsSinceEpoch: 0)
            let old = try await tokens.make(name: "old", expiresAt: past, user: ana)
            #expect(try await tokens.bearer(of: old.text) == nil)
            #expect(try await tokens.all(of: ana).map(\.name) == ["backend", "old"])
            #expect(try await tokens.all(of: eve).isEmpty)
            #expect(
                try await fixture.integer(
                    "SELECT count(*) FROM api_tokens WHERE position($1 in api_tokens::text) > 0",
                    [.text(made.text)]
                ) == 0
            )
            await #expect(throws: Problem.self) {
                try await tokens.delete(made.token.id, user: eve)
            }
            try await tokens.delete(made.token.id, user: ana)
            #expect(try await tokens.bearer(of: made.text) == nil)
        }
    }

    @Test func `a user has a bounded number of tokens`() async throws {
        try await StoreFixture.with("token_bound") { fixture in
            let tokens = APITokenService(
                store: PostgresUserStore(pool: fixture.pool),
                shards: ShardMap(count: 64)
            )
            for number in 1...APIToken.maximumCount {
                _ = try await tokens.make(name: "\(number)", expiresAt: nil, user: User(id: "ana"))
            }
            await #expect(throws: Problem.self) {
                try await tokens.make(name: "more", expiresAt: nil, user: User(id: "ana"))
            }
            _ = try await tokens.make(name: "other", expiresAt: nil, user: User(id: "eve"))
        }
    }

    /// Minutes from now until a person may be disturbed, when it is the minute `now` of the day in
    /// `zone`, and when the quiet hours begin and end so many minutes from then.
    private func wait(
        _ fixture: StoreFixture,
        zone: String,
        begins: Int64,
        ends: Int64
    ) async throws -> Int64 {
        try await fixture.integer(
            """
            SELECT floor(extract(epoch FROM
                after_quiet_hours($1, ((minute + $2 + 1440) % 1440)::smallint,
                    ((minute + $3 + 1440) % 1440)::smallint)
                - date_trunc('minute', now())) / 60)::bigint
            FROM (SELECT floor(extract(epoch FROM (now() AT TIME ZONE $1)::time) / 60)::bigint
                AS minute) AS present
            """,
            [.text(zone), .int8(begins), .int8(ends)]
        )
    }

    @Test(arguments: ["UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    func `quiet hours end on time, on either side of midnight`(zone: String) async throws {
        try await StoreFixture.with("quiet") { fixture in
            // Together these ends lie before, at and after midnight, whatever the time is.
            for ends in stride(from: Int64(1), through: 1_400, by: 233) {
                for begins in [-30, 0] as [Int64] {
                    let waited = try await wait(fixture, zone: zone, begins: begins, ends: ends)
                    #expect(waited == ends)
                }
            }
            // Not yet begun, just over, and of no length.
            for (begins, ends) in [(10, 20), (-60, 0), (-60, -60)] as [(Int64, Int64)] {
                let waited = try await wait(fixture, zone: zone, begins: begins, ends: ends)
                #expect(waited == 0)
            }
        }
    }
}
