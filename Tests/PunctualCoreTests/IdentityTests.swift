// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct EventIDTests {
    private func id(
        _ instant: WallInstant = at("2026-11-20T12:00:00.123456Z"),
        source: Int64 = 42,
        nominal: String = "2026-11-20T12:00:00",
        kind: String = "reminder.due"
    ) -> EventID {
        EventID(instant: instant, sourceID: source, nominal: local(nominal), kind: kind)
    }

    @Test func `is derived from what happens, the same for ever`() {
        #expect(id().description == "01a1f8d3-ea7b-8d25-93f8-0a3336cd2906")
        #expect(id() == id())
        let others = [
            id(source: 43), id(source: -42), id(nominal: "2026-11-20T12:00:01"),
            id(kind: "job.due"), id(at("2026-11-20T12:00:00.124Z")),
        ]
        #expect(Set(others + [id()]).count == others.count + 1)
    }

    @Test func `has the version and variant bits of a UUIDv8`() {
        for source in Int64(0)..<500 {
            let id = id(source: source)
            #expect(id.high >> 12 & 0xf == 8)
            #expect(id.low >> 62 == 0b10)
        }
    }

    @Test func `sorts by the instant, and starts with its milliseconds`() {
        let instant = at("2026-11-20T12:00:00.123456Z")
        #expect(id().high >> 16 == UInt64(instant.microsecondsSinceEpoch / 1_000))
        #expect(id() < id(instant.adding(microseconds: 1_000), source: 1))
        #expect(id(WallInstant(microsecondsSinceEpoch: -1)).high >> 16 == 0)
        #expect(id(WallInstant(microsecondsSinceEpoch: .min)).high >> 16 == 0)
    }

    @Test func `reads back what it prints, and nothing else`() {
        #expect(EventID(id().description) == id())
        for text in [
            "", "01a1f8d3-ea7b-8d25-93f8-0a3336cd290", "01a1f8d3-ea7b-8d25-93f8-0a3336cd29061",
            "01a1f8d3ea7b8d2593f80a3336cd2906", "g1a1f8d3-ea7b-8d25-93f8-0a3336cd2906",
            "+1a1f8d3-ea7b-8d25-93f8-0a3336cd2906", "01a1f8d-3ea7b-8d25-93f8-0a3336cd2906",
        ] {
            #expect(EventID(text) == nil, "\(text)")
        }
    }

    @Test func `a cursor reads back what it prints, and nothing else`() {
        let cursor = EventCursor(timestamp: at("2026-11-20T12:00:01Z"), id: id())
        #expect(EventCursor(cursor.description) == cursor)
        #expect(cursor.description == "1795176001000000-\(id())")
        for text in ["", "-", "5-", "x-\(id())", "\(id())"] {
            #expect(EventCursor(text) == nil, "\(text)")
        }
    }
}

@Suite struct ShardMapTests {
    @Test func `a user's shard never changes`() {
        let map = ShardMap(count: 64)
        #expect(map.shard(of: "a") == 0x2c)
        #expect(map.shard(of: "foobar") == 0x28)
        #expect(ShardMap(count: 1).shard(of: "a") == 0)
    }

    @Test func `users are spread over all shards`() {
        let map = ShardMap(count: 64)
        let counts = (0..<6_400).reduce(into: [Int16: Int]()) {
            $0[map.shard(of: "user-\($1)"), default: 0] += 1
        }
        #expect(counts.count == 64)
        #expect(counts.values.allSatisfy { $0 < 200 })
    }
}
