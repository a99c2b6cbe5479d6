// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualStore
import PunctualTime
import Testing

@Suite struct TaskListTests {
    /// Eleven tasks whose keys repeat, some without a due date.
    private let all = (Int64(1)...11).map { id in
        var task = TaskItem.sample(id)
        task.priority = TaskPriority.allCases[Int(id % 4)]
        if id % 3 != 0 {
            task.due = .present.after(seconds: id / 2 % 4)
            task.dueDate = task.due.map { .instant($0) }
        }
        task.createdAt = .present.after(seconds: id % 5)
        task.tags = id % 2 == 0 ? ["even", "all"] : ["all"]
        if id > 8 { task.status = .completed }
        if id == 5 { task.seriesID = 1 }
        return task
    }

    @Test(arguments: TaskQuery.Sort.allCases, [false, true])
    func `pages by cursor are the whole list in order`(
        sort: TaskQuery.Sort,
        descending: Bool
    ) async throws {
        try await StoreFixture.with("list") { store in
            _ = try await store.tasks.apply(.creating(all))
            var query = TaskQuery()
            (query.sort, query.descending, query.limit) = (sort, descending, 3)
            var ids: [Int64] = []
            repeat {
                let page = try await store.tasks.tasks(shard: 7, userID: "u", matching: query)
                ids += page.items.map(\.id)
                query.cursor = page.nextCursor
            } while query.cursor != nil
            let sorted = all.sorted { ($0.key(sort), $0.id) < ($1.key(sort), $1.id) }.map(\.id)
            #expect(ids == (descending ? sorted.reversed() : sorted))
        }
    }

    @Test func `filters combine`() async throws {
        try await StoreFixture.with("list") { store in
            _ = try await store.tasks.apply(.creating(all))
            let wanted: [((inout TaskQuery) -> Void, (TaskItem) -> Bool)] = [
                ({ $0.status = .completed }, { $0.status == .completed }),
                ({ $0.priorities = [.low, .high] }, { [.low, .high].contains($0.priority) }),
                ({ $0.tags = ["even", "all"] }, { $0.tags.contains("even") }),
                ({ $0.seriesID = 1 }, { $0.seriesID == 1 }),
                (
                    { $0.dueBefore = .present.after(seconds: 2) },
                    { $0.due.map { $0 < .present.after(seconds: 2) } ?? false }
                ),
                (
                    {
                        $0.dueAfter = .present
                        $0.status = .active
                        $0.tags = ["all"]
                    },
                    { $0.due.map { $0 > .present } ?? false && $0.status == .active }
                ),
            ]
            for (narrow, matches) in wanted {
                var query = TaskQuery()
                narrow(&query)
                let found = try await store.tasks.tasks(shard: 7, userID: "u", matching: query)
                #expect(Set(found.items.map(\.id)) == Set(all.filter(matches).map(\.id)))
                #expect(found.nextCursor == nil && !found.items.isEmpty)
            }
            let none = try await store.tasks.tasks(shard: 7, userID: "v", matching: TaskQuery())
            #expect(none.items.isEmpty)
        }
    }

    @Test func `finds words anywhere in title and description, whatever their case`() async throws {
        try await StoreFixture.with("list") { store in
            let texts = [
                ("Pay the RENT", nil), ("call", "about the rent%_ of \\ May"), ("Crème brûlée", ""),
                ("parent evening", nil), ("Don't forget a C++ book & 雨が降る", "x\ny:*"),
            ]
            let tasks = texts.enumerated().map { index, text in
                var task = TaskItem.sample(Int64(index + 1))
                (task.title, task.description) = text
                return task
            }
            _ = try await store.tasks.apply(.creating(tasks))
            for (words, ids) in [
                (["rent"], [1, 2, 4]), (["RENT", "pay"], [1]), (["rent", "may", "call"], [2]),
                (["%_"], [2]), (["\\"], [2]), (["t%m"], []), (["BRÛ"], [3]),
                (["e"], [1, 2, 3, 4, 5]),
                (["nothing"], []), (["nt"], [1, 2, 4]), (["û"], [3]), (["n't"], [5]), (["'"], [5]),
                (["+"], [5]), (["&"], [5]), (["降"], [5]), (["雨が"], [5]), (["が降る"], [5]),
                (["x"], [5]), (["y:*"], [5]), (["n'tf"], []), (["rents", "parent"], []),
                (["qx"], []), (["q"], []), (["parentevening"], []), (["rentrent"], []),
            ] as [([String], [Int64])] {
                var query = TaskQuery()
                query.words = words
                let found = try await store.tasks.tasks(shard: 7, userID: "u", matching: query)
                #expect(found.items.map(\.id).sorted() == ids, "\(words)")
            }
        }
    }

    @Test func `tags come with tasks, and a new name goes to all of them`() async throws {
        try await StoreFixture.with("list") { store in
            _ = try await store.tasks.apply(.creating(all))
            let tags = try await store.tasks.tags(shard: 7, userID: "u")
            #expect(tags.map(\.name) == ["all", "even"])
            let even = try #require(tags.last)
            let renamed = try await store.tasks.updateTag(
                shard: 7,
                userID: "u",
                id: even.id,
                name: "pair",
                color: .set("#00ff00")
            )
            #expect(renamed == Tag(id: even.id, name: "pair", color: "#00ff00"))
            var query = TaskQuery()
            query.tags = ["pair"]
            let found = try await store.tasks.tasks(shard: 7, userID: "u", matching: query)
            #expect(found.items.map(\.version) == [2, 2, 2, 2, 2])
            #expect(
                try await store.tasks.addTag(shard: 7, userID: "u", name: "pair", color: nil) == nil
            )
            await #expect(throws: TaskStoreError.self) {
                _ = try await store.tasks.updateTag(
                    shard: 7,
                    userID: "u",
                    id: even.id,
                    name: "all",
                    color: .keep
                )
            }
            #expect(try await !store.tasks.deleteTag(shard: 7, userID: "v", id: even.id))
            #expect(try await store.tasks.deleteTag(shard: 7, userID: "u", id: even.id))
            #expect(
                try await store.tasks.tasks(shard: 7, userID: "u", matching: query).items.isEmpty
            )
        }
    }

    @Test(arguments: [
        "", "x", "1", "1_", "_1", "1_2_3", "99999999999999999999_1", "1_2;",
        "9223372036854775806_1",
    ])
    func `what is no cursor is refused with a pointer`(text: String) async throws {
        try await StoreFixture.with("list") { store in
            var query = TaskQuery()
            query.cursor = text
            await #expect {
                _ = try await store.tasks.tasks(shard: 7, userID: "u", matching: query)
            } throws: { ($0 as? Problem)?.fields.first?.pointer == "/cursor" }
        }
    }
}

extension TaskItem {
    fileprivate func key(_ sort: TaskQuery.Sort) -> Int64 {
        switch sort {
        case .createdAt: createdAt.microsecondsSinceEpoch
        case .priority: Int64(priority.rank)
        case .dueDate: due?.microsecondsSinceEpoch ?? .max
        }
    }
}
