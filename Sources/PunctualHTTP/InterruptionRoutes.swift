// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds snoozing, skipping, pausing and resuming.
    mutating func addInterruptions(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        let tasks = services.tasks
        on(.post, "/api/tasks/{id}/reminders/{reminder_id}/snooze") { call in
            let task = try await tasks.task(call.id(), user: call.user)
            let id = try call.id("reminder_id")
            let value = try await call.json(limit: configuration.maximumBodyBytes).value
            let view = try await tasks.snooze(
                id,
                of: task.id,
                by: SnoozeInput(value),
                user: call.user
            )
            return Response(
                status: .created,
                headers: [.location: "/api/tasks/\(task.id)/reminders/\(view.reminder.id)"],
                json: { view.write(to: &$0) }
            )
        }
        for (method, undo) in [(HTTPRequest.Method.post, false), (.patch, false), (.delete, true)] {
            aside(method, "/api/tasks/{id}/skip-next") { call in
                let (answer, next) = try await tasks.skipNext(
                    of: call.id(),
                    undo: undo,
                    ifMatch: call.ifMatch,
                    user: call.user
                )
                return Response(skipped: answer, next: next)
            }
        }
        for (name, isPaused) in [("pause", true), ("resume", false)] {
            for method in [HTTPRequest.Method.post, .patch] {
                on(method, "/api/tasks/{id}/\(name)") { call in
                    Response(
                        changed: try await tasks.setPaused(
                            isPaused,
                            call.id(),
                            ifMatch: call.ifMatch,
                            user: call.user
                        )
                    )
                }
            }
            aside(.post, "/api/tasks/\(name)") { call in
                let query = try TaskQuery(call.request.uri.query, now: services.clock())
                let answer = try await tasks.setPaused(isPaused, matching: query, user: call.user)
                return Response(bulk: answer)
            }
        }
    }
}

extension SnoozeInput {
    /// Reads `{"for":"PT10M"}` or `{"until":…}`.
    fileprivate init(_ value: JSONValue) throws {
        var reader = FieldReader()
        var duration: CalendarDuration?
        var until: WallInstant?
        reader.object(value, "") { reader, member, pointer in
            switch member.name {
            case "for": duration = reader.duration(member.value, pointer)
            case "until": until = reader.instant(member.value, pointer)
            default: return false
            }
            return true
        }
        try reader.finish()
        switch (duration, until) {
        case (let duration?, nil): self = .duration(duration)
        case (nil, let until?): self = .until(until)
        default:
            throw Problem.invalid("", "Send either for, such as PT10M, or until, an instant.")
        }
    }
}
