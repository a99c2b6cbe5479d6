// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct PostgresConversationStoreTests {
    private let key = ConversationKey(shard: 7, userID: "u", id: "rent")

    private func put(
        _ store: PostgresConversationStore,
        _ key: ConversationKey? = nil,
        _ messages: String = "[]",
        ttlSeconds: Int64 = 60,
        if condition: WriteCondition = .none
    ) async throws -> Conversation? {
        try await store.put(
            key ?? self.key,
            messages: messages,
            metadata: nil,
            ttlSeconds: ttlSeconds,
            if: condition
        )
    }

    @Test func `keeps what it is given, for its user alone`() async throws {
        try await StoreFixture.with("conversations") { fixture in
            let store = PostgresConversationStore(pool: fixture.pool)
            let text = "[{\"role\":\"user\",\"n\": 1.50,\"s\":\"\\u0000✓\"}]"
            let kept = try #require(await put(store, key, text))
            #expect(kept.messages == text && kept.version == 1)
            #expect(kept.expiresAt == kept.createdAt.adding(microseconds: 60_000_000))
            #expect(try await store.conversation(key) == kept)
            for other in [
                ConversationKey(shard: 7, userID: "v", id: "rent"),
                ConversationKey(shard: 8, userID: "u", id: "rent"),
                ConversationKey(shard: 7, userID: "u", id: "Rent"),
            ] {
                #expect(try await store.conversation(other) == nil)
                #expect(try await !store.delete(other, if: .none))
            }
        }
    }

    @Test func `a user has so many, and no more until one is gone`() async throws {
        try await StoreFixture.with("conversations") { fixture in
            let store = PostgresConversationStore(pool: fixture.pool)
            _ = try await fixture.pool.execute(
                PostgresStatement(
                    name: "fill",
                    sql: """
                        INSERT INTO conversations (shard, user_id, id, messages, expires_at)
                        SELECT 7, 'u', n::text, '[]', now() + n * interval '1 hour'
                        FROM generate_series(0, $1::bigint) AS n
                        """
                ),
                [.int8(Int64(Conversation.maximumCount))]
            )
            for condition in [WriteCondition.none, .absent] {
                await #expect {
                    _ = try await put(store, if: condition)
                } throws: { ($0 as? Problem)?.code == .conflict }
            }
            let last = ConversationKey(shard: 7, userID: "u", id: "\(Conversation.maximumCount)")
            #expect(try await put(store, last) != nil, "one that is there can be replaced")
            let other = ConversationKey(shard: 7, userID: "v", id: "rent")
            #expect(try await put(store, other) != nil)
            #expect(try await store.delete(last, if: .none))
            #expect(try await put(store) != nil)
        }
    }

    @Test func `replaces under its conditions`() async throws {
        try await StoreFixture.with("conditions") { fixture in
            let store = PostgresConversationStore(pool: fixture.pool)
            #expect(try await put(store, if: .present) == nil)
            #expect(try await put(store, if: .version(1)) == nil)
            let first = try #require(await put(store, if: .absent))
            #expect(try await put(store, if: .absent) == nil)
            #expect(try await put(store, if: .version(2)) == nil)
            let second = try #require(await put(store, if: .version(1)))
            #expect(second.version == 2 && second.createdAt == first.createdAt)
            #expect(try await put(store, if: .present)?.version == 3)
            #expect(try await !store.delete(key, if: .version(2)))
            #expect(try await store.delete(key, if: .version(3)))
            #expect(try await store.conversation(key) == nil)
        }
    }

    @Test func `one that has expired is as if it had never been, and is removed`() async throws {
        try await StoreFixture.with("expiry") { fixture in
            let store = PostgresConversationStore(pool: fixture.pool)
            let old = ConversationKey(shard: 7, userID: "u", id: "old")
            _ = try await put(store, old, ttlSeconds: 0)
            #expect(try await store.conversation(old) == nil)
            #expect(try await !store.delete(old, if: .none))
            #expect(try await put(store, old, if: .present) == nil)
            #expect(try await put(store, old, ttlSeconds: 0, if: .absent) != nil)
            _ = try await put(store)
            try await PostgresEventStore(pool: fixture.pool).maintain(retention: .seconds(86_400))
            #expect(try await fixture.integer("SELECT count(*) FROM conversations") == 1)
            #expect(try await store.conversation(key) != nil)
        }
    }
}
