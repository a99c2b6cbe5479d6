// SPDX-License-Identifier: Apache-2.0

import PunctualTime

/// A kind of request for tasks, with values that change from one request to the next.
struct QueryKind {
    let name: String
    /// The path of the request with this number.
    let path: (Int) -> String
    /// Whether each request continues where the one before it ended.
    var followsCursor = false

    private init(_ name: String, followsCursor: Bool = false, _ path: @escaping (Int) -> String) {
        (self.name, self.followsCursor) = (name, followsCursor)
        self.path = { "/api/tasks?" + path($0) }
    }

    /// All kinds; `now` is in microseconds since the Unix epoch.
    static func all(now: Int64) -> [Self] { lists(now: now) + searches }

    private static func lists(now: Int64) -> [Self] {
        let day: Int64 = 86_400_000_000
        func instant(_ days: Int) -> String {
            WallInstant(microsecondsSinceEpoch: now + Int64(days) * day).rfc3339
        }
        return [
            Self("list") { _ in "" },
            Self("by due date, active") { _ in "status=active&sort=due_date" },
            Self("by due date, descending") { _ in "sort=due_date&order=desc" },
            Self("by priority, 500 a page") { _ in "sort=priority&order=desc&limit=500" },
            Self("pages by due date", followsCursor: true) { _ in "sort=due_date" },
            Self("pages by creation, descending", followsCursor: true) { _ in
                "sort=created_at&order=desc"
            },
            Self("pages of urgent by priority", followsCursor: true) { _ in
                "sort=priority&priority=urgent,high"
            },
            Self("completed") { _ in "status=completed" },
            Self("overdue by priority") { _ in "overdue=true&sort=priority&order=desc" },
            Self("a common tag by due date") { "tags=\(SampleTask.tag($0))&sort=due_date" },
            Self("two tags") { "tags=\(SampleTask.tag($0)),\(SampleTask.tag($0 + 1))" },
            Self("a rare tag by due date") { _ in "tags=\(SampleTask.rareTag)&sort=due_date" },
            Self("a tag that no task has") { _ in "tags=nowhere" },
            Self("a week, urgent") {
                "priority=urgent&due_after=\(instant($0))&due_before=\(instant($0 + 7))"
            },
            Self("paused") { _ in "paused=true" },
        ]
    }

    private static var searches: [Self] {
        [
            Self("a letter") { "q=\(SampleTask.word($0).prefix(1))" },
            Self("a letter that no task has") { _ in "q=%C3%BE" },
            Self("two letters by due date") { "q=\(SampleTask.word($0).prefix(2))&sort=due_date" },
            Self("two letters that few have") { _ in "q=\(SampleTask.rareWord.prefix(2))" },
            Self("two letters that no task has") { _ in "q=qx" },
            Self("two letters, active, none") { _ in "q=qx&status=active&sort=due_date" },
            Self("three letters") { "q=\(SampleTask.word($0).prefix(3))" },
            Self("three letters that no task has") { _ in "q=qxj" },
            Self("a word by due date") { "q=\(SampleTask.word($0))&sort=due_date" },
            Self("two words") { "q=\(SampleTask.word($0))%20\(SampleTask.word($0 * 7 + 3))" },
            Self("two words, active, urgent") {
                "q=\(SampleTask.word($0))%20\(SampleTask.word($0 * 7 + 3))"
                    + "&status=active&priority=urgent&sort=due_date"
            },
            Self("a word that few have") { _ in "q=\(SampleTask.rareWord)&sort=priority" },
            Self("a word that no task has") { _ in "q=nobodyhasit" },
            Self("a word and two letters, none") { "q=\(SampleTask.word($0))%20qx" },
        ]
    }
}
