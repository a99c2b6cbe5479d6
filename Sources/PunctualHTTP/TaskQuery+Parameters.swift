// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

extension TaskQuery {
    private static let parameters = [
        "status", "priority", "tags", "due_before", "due_after", "overdue", "sort", "order",
        "limit", "cursor", "paused", "q",
    ]

    /// Reads the query of a list; what was due before `now` is overdue.
    ///
    /// - Throws: a problem that names every wrong parameter, or `q` if it is missing and needed.
    init(
        _ text: String?,
        now: WallInstant,
        needsSearch: Bool = false
    ) throws(HTTPProblem) {
        self.init()
        var query = QueryParameters(text, known: Self.parameters)
        status = query.value("status", "active or completed.") { TaskStatus(rawValue: $0) }
        priorities = query.list("priority").compactMap { TaskPriority(rawValue: $0) }
        if priorities.count < query.list("priority").count {
            query.refuse("priority", "Any of low, medium, high and urgent, with commas between.")
        }
        tags = query.list("tags")
        if tags.count > TaskLimits.tags { query.refuse("tags", "At most \(TaskLimits.tags).") }
        let remedy = "An instant as in RFC 3339, such as 2026-11-20T09:00:00Z."
        // A plus sign that was not percent-encoded arrives as a space.
        let instant = { (text: String) in
            try? WallInstant(rfc3339: text.replacing(" ", with: "+"))
        }
        dueBefore = query.value("due_before", remedy, instant)
        dueAfter = query.value("due_after", remedy, instant)
        let isOverdue = query.value("overdue", "true or false.") { Bool($0) }
        if isOverdue == true {
            if status == .completed { query.refuse("overdue", "Only active tasks are overdue.") }
            status = .active
            dueBefore = min(dueBefore ?? now, now)
        }
        sort =
            query.value("sort", "due_date, priority or created_at.") { Sort(rawValue: $0) } ?? sort
        descending =
            query.value("order", "asc or desc.") { ["asc", "desc"].firstIndex(of: $0) } == 1
        limit =
            query.value("limit", "A whole number from 1 to 500.") { text in
                Int(text).flatMap { (1...500).contains($0) ? $0 : nil }
            } ?? limit
        cursor = query["cursor"]
        isPaused = query.value("paused", "true or false.") { Bool($0) }
        words = (query["q"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        if needsSearch, words.isEmpty { query.refuse("q", "Say what to look for.") }
        let length = query["q"]?.unicodeScalars.count ?? 0
        if words.count > Self.maximumWords || length > Self.maximumSearch {
            query.refuse(
                "q",
                "At most \(Self.maximumWords) words and \(Self.maximumSearch) characters."
            )
        }
        try query.finish()
    }
}
