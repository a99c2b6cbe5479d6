// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

extension TaskService {
    /// A page of the series of a task: what was due when, and what became of it.
    ///
    /// Occurrences that are due at one instant are never parted, so that the instant at which a
    /// page ends says where the next one begins; such a page may be longer than was asked for.
    package func history(
        of id: Int64,
        _ query: HistoryQuery = HistoryQuery(),
        user: User
    ) async throws -> HistoryPage {
        let task = try await task(id, user: user)
        var entries = [HistoryEntry(task)]
        if let seriesID = task.seriesID {
            // One more than the page has, to know whether there is another page.
            var part = query
            part.limit += 1
            entries = try await tasks(of: seriesID, part, user: user).map { HistoryEntry($0) }
            entries += try await store.seriesEntries(
                shard: task.shard,
                seriesID: seriesID,
                matching: part
            ).map { HistoryEntry($0) }
            entries += try await skipped(in: seriesID, user: user).filter { query.includes($0) }
        }
        entries.sort { query.precedes($0, $1) }
        guard entries.count > query.limit, let end = entries[query.limit - 1].due else {
            return HistoryPage(items: entries)
        }
        let count = entries.lastIndex { $0.due == end }.map { $0 + 1 } ?? query.limit
        return HistoryPage(
            items: Array(entries.prefix(count)),
            end: count < entries.count ? end : nil
        )
    }

    private func tasks(
        of seriesID: Int64,
        _ part: HistoryQuery,
        user: User
    ) async throws -> [TaskItem] {
        var query = TaskQuery()
        (query.seriesID, query.limit) = (seriesID, part.limit)
        (query.sort, query.descending) = (.dueDate, part.descending)
        if part.descending {
            query.dueBefore = part.following
        } else {
            query.dueAfter = part.following
        }
        return try await tasks(matching: query, user: user).items
    }

    /// The dates that a series leaves out, from the latest of its tasks.
    private func skipped(in seriesID: Int64, user: User) async throws -> [HistoryEntry] {
        var last = HistoryQuery()
        (last.limit, last.descending) = (1, true)
        guard let latest = try await tasks(of: seriesID, last, user: user).first,
            let recurrence = latest.recurrence,
            let rules = try? planner.rules(for: latest.dueDate?.timezone)
        else { return [] }
        return recurrence.exdates.map { nominal in
            HistoryEntry(
                nominal: nominal,
                due: rules.resolve(nominal, gap: recurrence.dst.gap, fold: recurrence.dst.fold)
                    .instant,
                state: .skipped
            )
        }
    }
}

extension HistoryQuery {
    fileprivate func includes(_ entry: HistoryEntry) -> Bool {
        guard let following, let due = entry.due else { return true }
        return descending ? due < following : due > following
    }

    fileprivate func precedes(_ one: HistoryEntry, _ other: HistoryEntry) -> Bool {
        let one = (one.due?.microsecondsSinceEpoch ?? 0, one.taskID ?? 0)
        let other = (other.due?.microsecondsSinceEpoch ?? 0, other.taskID ?? 0)
        return descending ? one > other : one < other
    }
}

extension HistoryEntry {
    fileprivate init(_ task: TaskItem) {
        self.init(
            taskID: task.id,
            nominal: task.nominal,
            due: task.due,
            state: task.status == .completed ? .completed : .active,
            completedAt: task.completedAt
        )
    }

    fileprivate init(_ entry: SeriesEntry) {
        self.init(
            nominal: entry.nominal,
            due: entry.due,
            state: entry.state == .missed ? .missed : .skipped
        )
    }
}
