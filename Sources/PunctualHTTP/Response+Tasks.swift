// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension Response {
    /// A task.
    init(
        task: TaskItem,
        reminders: [ReminderView]? = nil,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) {
        self.init(
            status: status,
            headers: headers,
            json: { task.write(to: &$0, reminders: reminders) }
        )
        self.headers[.eTag] = task.eTag
    }

    /// A task that was created.
    init(created task: TaskItem) {
        self.init(task: task, status: .created, headers: [.location: "/api/tasks/\(task.id)"])
    }

    /// A task that was changed.
    init(changed answer: ChangeAnswer) {
        self.init(json: { writer in
            answer.task.write(to: &writer) { writer in
                writer.member("may_have_fired", answer.mayHaveFired)
            }
        })
        self.headers[.eTag] = answer.task.eTag
    }

    /// A task that was completed, with the one that follows it.
    init(completed answer: ChangeAnswer) {
        self.init(json: { writer in
            answer.task.write(to: &writer) { writer in
                writer.member("may_have_fired", answer.mayHaveFired)
                writer.name("next_task")
                if let next = answer.next { next.write(to: &writer) } else { writer.null() }
            }
        })
        self.headers[.eTag] = answer.task.eTag
    }

    /// A task after which an occurrence is left out, with the one that follows it now.
    init(skipped answer: ChangeAnswer, next: Occurrence?) {
        self.init(json: { writer in
            answer.task.write(to: &writer) { writer in
                writer.member("next_due_date", next?.instant)
                writer.member("next_nominal_time", next?.nominal.description)
            }
        })
        self.headers[.eTag] = answer.task.eTag
    }

    /// How many tasks a change of all that match came to.
    init(bulk answer: BulkAnswer) {
        self.init(json: { writer in
            writer.object { writer in
                writer.member("matched", Int64(answer.matched))
                writer.member("changed", Int64(answer.changed))
                writer.member("next_cursor", answer.nextCursor)
            }
        })
    }

    /// Something that was deleted.
    init(deletedMayHaveFired mayHaveFired: Bool) {
        self.init(status: .noContent)
        // RFC 9110 §8.6 forbids it here.
        headers[.contentLength] = nil
        headers[named: "May-Have-Fired"] = "\(mayHaveFired)"
    }

    /// A page of tasks.
    init(page: TaskPage) {
        self.init(listing: page.items, nextCursor: page.nextCursor) { $0.write(to: &$1) }
    }

    /// A page of the occurrences of a series.
    init(history page: HistoryPage, now: WallInstant) {
        let cursor = page.end.map { "\($0.microsecondsSinceEpoch)" }
        self.init(listing: page.items, nextCursor: cursor) { entry, writer in
            let lateness = entry.lateness(at: now)
            writer.object { writer in
                writer.member("task_id", entry.taskID)
                writer.member("nominal_time", entry.nominal?.description)
                writer.member("due", entry.due)
                writer.member("state", entry.state.rawValue)
                writer.member("completed_at", entry.completedAt)
                writer.member("late", lateness != nil)
                writer.member("late_seconds", lateness.map { $0 / 1_000_000 })
            }
        }
    }

    /// A list, in the one shape that lists have.
    init<Item>(
        listing items: [Item],
        nextCursor: String? = nil,
        _ write: (Item, inout JSONWriter) -> Void
    ) {
        self.init(json: { writer in
            writer.object { writer in
                writer.name("items")
                writer.array { writer in for item in items { write(item, &writer) } }
                writer.member("next_cursor", nextCursor)
            }
        })
    }
}

extension TaskItem {
    /// The entity tag: its version.
    fileprivate var eTag: String { "\"\(version)\"" }
}
