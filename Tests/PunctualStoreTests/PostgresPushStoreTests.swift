// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualStore
import Testing

@Suite struct PostgresPushStoreTests {
    private func subscription(_ number: Int, secret: UInt8 = 0) -> PushSubscription {
        PushSubscription(
            endpoint: "https://push.example.org/\(number)",
            publicKey: [4, 2],
            secret: [secret]
        )
    }

    @Test func `keeps a user's newest, and one of each endpoint`() async throws {
        try await StoreFixture.with("push") { fixture in
            let store = PostgresPushStore(pool: fixture.pool)
            for number in [1, 2, 3, 3, 4] {
                try await store.add(subscription(number), shard: 7, userID: "u", limit: 3)
            }
            try await store.add(subscription(1), shard: 7, userID: "v", limit: 3)
            try await store.add(subscription(2, secret: 9), shard: 7, userID: "u", limit: 3)
            let count = "SELECT count(*) FROM push_subscriptions WHERE user_id = 'u'"
            #expect(try await fixture.integer(count) == 3)
            let id = try await fixture.integer(
                "SELECT id FROM push_subscriptions WHERE user_id = 'u' AND endpoint LIKE '%/2'"
            )
            let kept = try #require(try await store.subscription(id, shard: 7))
            #expect(kept.secret == [9] && kept.publicKey == [4, 2])
            #expect(try await store.subscription(id, shard: 8) == nil)
            #expect(try await !store.remove(endpoint: kept.endpoint, shard: 7, userID: "v"))
            #expect(try await store.remove(endpoint: kept.endpoint, shard: 7, userID: "u"))
            let other = try await fixture.integer("SELECT min(id) FROM push_subscriptions")
            try await store.remove(other, shard: 7)
            #expect(try await store.subscription(other, shard: 7) == nil)
        }
    }
}
