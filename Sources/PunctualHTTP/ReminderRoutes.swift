// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds listing, adding and removing the reminders of a task.
    mutating func addReminders(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        let tasks = services.tasks
        on(.get, "/api/tasks/{id}/reminders") { call in
            let views = try await tasks.reminders(of: call.id(), user: call.user)
            return Response(listing: views) { $0.write(to: &$1) }
        }
        on(.post, "/api/tasks/{id}/reminders") { call in
            let task = try await tasks.task(call.id(), user: call.user)
            let (bytes, value) = try await call.json(limit: configuration.maximumBodyBytes)
            return try await call.idempotently(body: bytes, tasks: tasks) { idempotency in
                var reader = FieldReader()
                let input = reader.reminder(value, "")
                try reader.finish()
                guard let input else { throw Problem.invalid("", "It is no reminder.") }
                let view = try await tasks.addReminder(
                    input,
                    to: task.id,
                    user: call.user,
                    remembering: idempotency.map { key in
                        { key.remembering(status: .created, body: $0.json.text) }
                    }
                )
                return Response(
                    status: .created,
                    type: .json,
                    body: view.json.utf8,
                    headers: [.location: "/api/tasks/\(task.id)/reminders/\(view.reminder.id)"]
                )
            }
        }
        on(.delete, "/api/tasks/{id}/reminders/{reminder_id}") { call in
            Response(
                deletedMayHaveFired: try await tasks.removeReminder(
                    call.id("reminder_id"),
                    from: call.id(),
                    user: call.user
                )
            )
        }
    }
}

extension ReminderView {
    fileprivate var json: JSONWriter {
        var writer = JSONWriter()
        write(to: &writer)
        return writer
    }
}
