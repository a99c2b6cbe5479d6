// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct LeaseTests {
    @Test func `the first engine takes every shard, and nobody else gets one`() async throws {
        try await StoreFixture.with("lease") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [9, 5])))
            try await store.withEngine { engine in
                let answer = try await engine.acquire(leaseMilliseconds: 60_000)
                #expect(answer.shards.map(\.lease.shard).sorted() == Array(0..<64))
                #expect(answer.shards.allSatisfy { $0.lease.epoch == 1 })
                let dues = answer.shards.compactMap(\.earliestDue)
                #expect(dues == [.present.after(seconds: 5)])
                try await store.withEngine { other in
                    let taken = try await other.acquire(leaseMilliseconds: 60_000).shards
                    #expect(taken.isEmpty)
                }
            }
        }
    }

    @Test func `a renewal tells what is due next from its bound on`() async throws {
        try await StoreFixture.with("lease") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [1, 5, 9])))
            try await store.withEngine { engine in
                var range = try await engine.range(of: 7)
                for (bound, due) in [(nil, 1), (Int64(2), Int64(5)), (9, 9)] {
                    range.from = bound.map { WallInstant.present.after(seconds: $0) }
                    let answer = try await engine.renew([range], leaseMilliseconds: 60_000)
                    #expect(answer.shards.map(\.earliestDue) == [.present.after(seconds: due)])
                    #expect(answer.shards.first?.crowd == nil && answer.listeners == 0)
                }
            }
        }
    }

    @Test func `a renewal tells how crowded the near future is`() async throws {
        try await StoreFixture.with("lease") { store in
            let tasks = (0..<1_000).map { TaskItem.sample(1 + $0, remindersAfter: [$0]) }
            _ = try await store.tasks.apply(.creating(tasks))
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let report = try await engine.renew([range], leaseMilliseconds: 60_000).shards.first
                #expect(report?.crowd?.middle == .present.after(seconds: 499))
                #expect(report?.crowd?.end == .present.after(seconds: 999))
            }
        }
    }

    @Test func `what has expired another engine takes, and the loser learns of it`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7, leaseMilliseconds: 0)
                try await store.withEngine { other in
                    #expect(try await other.range(of: 7).lease.epoch == 2)
                    let lost = try await engine.renew([range], leaseMilliseconds: 60_000)
                    #expect(lost.shards.isEmpty)
                    try await engine.release([range.lease], isLast: false)
                    let rest = try await engine.acquire(leaseMilliseconds: 60_000).shards
                    #expect(!rest.map(\.lease.shard).contains(7))
                }
            }
        }
    }

    @Test func `an expired lease that nobody took is renewed under its epoch`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7, leaseMilliseconds: 0)
                let renewed = try await engine.renew([range], leaseMilliseconds: 60_000)
                #expect(renewed.shards.map(\.lease) == [range.lease])
            }
        }
    }

    @Test func `what is given back can be taken at once`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { engine in
                let leases = try await engine.acquire(leaseMilliseconds: 60_000).shards.map(\.lease)
                try await engine.release(Array(leases.prefix(10)), isLast: true)
                try await store.withEngine { other in
                    let taken = try await other.acquire(leaseMilliseconds: 60_000).shards
                    #expect(Set(taken.map(\.lease.shard)) == Set(leases.prefix(10).map(\.shard)))
                    #expect(taken.allSatisfy { $0.lease.epoch == 2 })
                }
            }
        }
    }

    @Test func `an engine whose session ends is noticed long before its lease expires`()
        async throws
    {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { other in
                try await store.withEngine { engine in
                    let range = try await engine.range(of: 7, leaseMilliseconds: 3_600_000)
                    // The second renewal of a session finds its lock taken already.
                    for _ in 0..<2 {
                        _ = try await engine.renew([range], leaseMilliseconds: 3_600_000)
                    }
                    #expect(try await other.acquire(leaseMilliseconds: 60_000).shards.isEmpty)
                }
                // The server ends a session a moment after its client has left.
                var taken: [Int16] = []
                for _ in 0..<100_000 where taken.count < 64 {
                    taken += try await other.acquire(
                        leaseMilliseconds: 60_000,
                        holding: taken
                    ).shards.map(\.lease.shard)
                }
                #expect(taken.sorted() == Array(0..<64))
            }
        }
    }

    @Test func `of two engines that start at once each shard has one owner`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { one in
                try await store.withEngine { other in
                    async let left = one.acquire(leaseMilliseconds: 60_000)
                    async let right = other.acquire(leaseMilliseconds: 60_000)
                    let shards = try await (left.shards + right.shards).map(\.lease.shard)
                    #expect(shards.sorted() == Array(0..<64))
                }
            }
        }
    }

    @Test func `engines that come and go have equal shares, and a hung one none`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { first in
                let all = try await first.acquire(leaseMilliseconds: 60_000)
                #expect(all.shards.count == 64 && all.engines == 1)
                try await store.withEngine { second in
                    #expect(try await second.acquire(leaseMilliseconds: 60_000).engines == 2)
                    let given = all.shards.prefix(40).map(\.lease)
                    try await first.release(given, isLast: false)
                    let half = try await second.acquire(leaseMilliseconds: 60_000)
                    #expect(half.shards.count == 32 && half.engines == 2)
                    let kept = all.shards.dropFirst(40).map(\.lease.shard)
                    let more = try await first.acquire(leaseMilliseconds: 60_000, holding: kept)
                    #expect(more.shards.count == 8)
                    let held = kept + more.shards.map(\.lease.shard)
                    // By a lease of no time the second one has not been seen for too long.
                    let hung = try await first.acquire(leaseMilliseconds: 0, holding: held)
                    #expect(hung.engines == 1)
                    try await second.release(half.shards.map(\.lease), isLast: true)
                    let rest = try await first.acquire(leaseMilliseconds: 60_000, holding: held)
                    #expect(rest.engines == 1 && rest.shards.count == 32)
                    // What is its own without its knowing it had an answer that was lost.
                    let lost = try await first.acquire(leaseMilliseconds: 60_000, holding: held)
                    #expect(lost.shards.count == 32)
                }
            }
        }
    }

    /// An acquisition that waits for the locks of others meets a lease that was renewed meanwhile,
    /// by an engine whose session had broken when the acquisition began.
    @Test func `what its owner has just renewed is not taken`() async throws {
        try await StoreFixture.with("lease") { store in
            try await store.withEngine { owner in
                let range = try await owner.range(of: 7, leaseMilliseconds: 3_600_000)
                _ = try await store.integer(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_locks
                    WHERE locktype = 'advisory' AND classid = 1347768899
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    """
                )
                try await store.withEngine { other in
                    let taking = try await store.holding(shard: 1) { second in
                        let taking = try await store.holding(shard: 0) { first in
                            let taking = Task {
                                try await other.acquire(leaseMilliseconds: 60_000).shards
                            }
                            try await store.waitUntilSomebodyWaits(for: first)
                            return taking
                        }
                        try await store.waitUntilSomebodyWaits(for: second)
                        let renewed = try await owner.renew([range], leaseMilliseconds: 60_000)
                        #expect(renewed.shards.map(\.lease) == [range.lease])
                        return taking
                    }
                    let taken = try await taking.value.map(\.lease.shard)
                    #expect(taken.contains(0) && taken.contains(1), "those of the dead are")
                    #expect(!taken.contains(7))
                }
            }
        }
    }
}

extension StoreFixture {
    /// Holds a shard's row for the duration of `body`, which gets the session's number, and leaves
    /// a new version of it.
    fileprivate func holding<Value: Sendable>(
        shard: Int16,
        _ body: (Int32) async throws -> Value
    ) async throws -> Value {
        try await pool.transaction { session in
            let process = try await session.execute(
                PostgresStatement(
                    sql: """
                        UPDATE shards SET expires = expires WHERE shard = $1
                        RETURNING pg_backend_pid()
                        """
                ),
                [.int2(shard)]
            )
            return try await body(process[0].int4(0))
        }
    }

    fileprivate func waitUntilSomebodyWaits(for process: Int32) async throws {
        let waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))
            """
        for _ in 0..<100_000 where try await integer(waiting, [.int4(process)]) > 0 { return }
        Issue.record("nobody has come to wait")
    }
}
