// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// The bounds on everything that a request can put into a task.
package enum TaskLimits {
    /// Characters of a title.
    package static let title = 500
    /// Characters of a description.
    package static let description = 10_000
    /// Tags of a task.
    package static let tags = 50
    /// Characters of a tag.
    package static let tag = 100
    /// Reminders of a task.
    package static let reminders = 20
    /// RDATEs, and likewise EXDATEs, of a series.
    package static let dates = 1_000
    /// The longest grace of a misfire policy: 7 days.
    package static let graceMilliseconds: Int32 = 7 * 86_400_000

    static func check(_ draft: TaskDraft) throws(Problem) {
        try check(title: draft.title)
        try check(description: draft.description)
        try check(tags: draft.tags)
        try check(reminders: draft.reminders ?? [])
        try check(grace: draft.misfire)
        if let recurrence = draft.recurrence { try check(recurrence) }
    }

    static func check(_ patch: TaskPatch) throws(Problem) {
        if let title = patch.title { try check(title: title) }
        if case .set(let description) = patch.description { try check(description: description) }
        if let tags = patch.tags { try check(tags: tags) }
        if case .set(let reminders?) = patch.reminders { try check(reminders: reminders) }
        if case .set(let recurrence?) = patch.recurrence { try check(recurrence) }
        try check(grace: patch.misfire)
    }

    static func check(_ recurrence: RecurrenceInput) throws(Problem) {
        guard recurrence.rdates.count <= dates else {
            throw .invalid("/rdates", "has more than \(dates) dates")
        }
        guard recurrence.exdates.count <= dates else {
            throw .invalid("/exdates", "has more than \(dates) dates")
        }
    }

    private static func check(title: String) throws(Problem) {
        guard !title.allSatisfy(\.isWhitespace) else {
            throw .invalid("/title", "is empty; say what is to be done")
        }
        try check(title, at: "/title", maximum: self.title)
    }

    private static func check(description: String?) throws(Problem) {
        try check(description ?? "", at: "/description", maximum: self.description)
    }

    private static func check(tags: [String]) throws(Problem) {
        guard tags.count <= self.tags else {
            throw .invalid("/tags", "has \(tags.count) tags, more than \(self.tags)")
        }
        for (index, tag) in tags.enumerated() { try check(tag: tag, at: "/tags/\(index)") }
    }

    static func check(tag: String, at pointer: String) throws(Problem) {
        guard !tag.isEmpty else { throw .invalid(pointer, "is empty") }
        try check(tag, at: pointer, maximum: self.tag)
    }

    private static func check(reminders: [ReminderInput]) throws(Problem) {
        guard reminders.count <= self.reminders else {
            throw .invalid(
                "/reminders",
                "has \(reminders.count) reminders, more than \(self.reminders)"
            )
        }
    }

    private static func check(grace misfire: MisfirePolicy?) throws(Problem) {
        guard let misfire else { return }
        guard (0...graceMilliseconds).contains(misfire.graceMilliseconds) else {
            throw .invalid("/misfire/grace", "must be between PT0S and P7D")
        }
    }

    private static func check(
        _ text: String,
        at pointer: String,
        maximum: Int
    ) throws(Problem) {
        guard text.unicodeScalars.count <= maximum else {
            throw .invalid(pointer, "has more than \(maximum) characters")
        }
        guard !text.unicodeScalars.contains("\0") else {
            throw .invalid(pointer, "contains the character U+0000, which cannot be stored")
        }
    }
}
