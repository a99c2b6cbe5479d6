// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime
import Testing

@Suite struct RemoteHintsTests {
    private static func key(_ number: Int64) -> OutboxKey {
        OutboxKey(
            shard: Int16(number % 64),
            sourceID: -number,
            nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000 + number)
        )
    }

    @Test func `keeps the earliest due of each shard`() {
        var hints = RemoteHints()
        #expect(hints.isEmpty)
        for due: Int64 in [5, 3, 4] {
            hints.add(shard: 7, due: WallInstant(secondsSinceEpoch: due))
        }
        #expect(hints.dues == [7: WallInstant(secondsSinceEpoch: 3)])
        #expect(hints.lines == ["7:3000000"])
    }

    @Test func `comes back whole from lines that PostgreSQL takes`() {
        var hints = RemoteHints()
        for shard in Int16(0)..<64 {
            hints.add(shard: shard, due: WallInstant(secondsSinceEpoch: 1_800_000_000))
        }
        hints.add(withdrawn: (0..<2_000).map(Self.key))
        #expect(hints.lines.count > 1)
        #expect(hints.lines.allSatisfy { $0.utf8.count < 8_000 })
        var read = RemoteHints()
        for line in hints.lines {
            let part = RemoteHints(line: line)
            for (shard, due) in part.dues { read.add(shard: shard, due: due) }
            read.add(withdrawn: part.withdrawn)
        }
        #expect(read == hints)
    }

    @Test func `is bounded`() {
        var hints = RemoteHints()
        hints.add(withdrawn: (0..<10_000).map(Self.key))
        #expect(hints.withdrawn.count == RemoteHints.maximumWithdrawn)
    }

    @Test func `passes over what it does not understand`() {
        #expect(RemoteHints(line: "").isEmpty)
        #expect(RemoteHints(line: "x 1 99999:5 1:y 1:2:z 1:2:3:4 :: 9223372036854775808:1").isEmpty)
        #expect(RemoteHints(line: "x 3:1000000 y").dues.count == 1)
    }
}
