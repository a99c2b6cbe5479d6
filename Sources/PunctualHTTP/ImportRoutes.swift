// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCalendar
internal import PunctualCore

extension RouteTable {
    /// Adds the import of calendars.
    mutating func addImport(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        aside(.post, "/api/import/ics") { call in
            let zone = try call.importZone(services.zones)
            let bytes = try await call.body(
                limit: configuration.maximumCalendarBytes,
                accepts: ["text/calendar", "text/plain", "application/octet-stream"]
            )
            return try await call.idempotently(
                body: bytes,
                tasks: services.tasks
            ) { idempotency in
                let calendar = try CalendarImport(request: bytes, zone: zone, services.zones)
                let now = services.clock()
                let drafts = calendar.tasks.map {
                    CalendarDraft($0, zone: zone, zones: services.zones, now: now)
                }
                let answer = { (outcomes: [Result<TaskItem, Problem>]) in
                    calendar.json(zip(drafts, outcomes).map { ($0.cuts, $1) })
                }
                let outcomes = try await services.tasks.create(
                    drafts.map { .success($0.draft) },
                    user: call.user,
                    remembering: idempotency.map { key in
                        { key.remembering(status: .created, body: answer($0).text) }
                    }
                )
                return Response(status: .created, type: .json, body: answer(outcomes).utf8)
            }
        }
    }
}

extension Call {
    /// The zone for times of a calendar that name none, or none that is known.
    fileprivate func importZone(_ zones: any ZoneSource) throws -> String {
        var query = QueryParameters(request.uri.query, known: ["timezone"])
        let zone = query["timezone"] ?? "UTC"
        if zones.rules(for: zone) == nil {
            query.refuse("timezone", "Send an IANA time zone such as Europe/Lisbon.")
        }
        try query.finish()
        return zone
    }
}

extension CalendarImport {
    /// Reads the body of a request.
    fileprivate init(
        request bytes: [UInt8],
        zone: String,
        _ zones: any ZoneSource
    ) throws(HTTPProblem) {
        do {
            try self.init(reading: bytes, defaultZone: zone) { zones.rules(for: $0) != nil }
        } catch {
            throw HTTPProblem(
                error.code == .tooLarge ? .contentTooLarge : .unprocessableContent,
                .pointer(""),
                error.description
            )
        }
        guard tasks.count <= BodyLimits.importedTasks else {
            throw HTTPProblem(
                .contentTooLarge,
                "A calendar may hold \(BodyLimits.importedTasks) entries; split it."
            )
        }
    }

    /// What became of each entry, and all that could not be kept as it was.
    fileprivate func json(
        _ outcomes: [(cuts: [CalendarDraft.Cut], outcome: Result<TaskItem, Problem>)]
    ) -> JSONWriter {
        var writer = JSONWriter()
        let refused = outcomes.count { if case .failure = $0.outcome { true } else { false } }
        writer.object { writer in
            writer.member("entries", Int64(entryCount))
            writer.member("imported_count", Int64(outcomes.count - refused))
            writer.member("merged_count", Int64(mergedCount))
            writer.member("refused_count", Int64(refusedCount + refused))
            writer.name("imported")
            writer.array { writer in
                for (task, (_, outcome)) in zip(tasks, outcomes) {
                    guard case .success(let item) = outcome else { continue }
                    item.write(to: &writer, uid: task.uid)
                }
            }
            writer.name("notices")
            writer.array { writer in
                for notice in notices {
                    writer.notice(
                        notice.line,
                        notice.component,
                        notice.property,
                        notice.message,
                        count: notice.count
                    )
                }
                for (task, (cuts, outcome)) in zip(tasks, outcomes) {
                    for cut in cuts {
                        writer.notice(task.line, task.title, cut.property, cut.message)
                    }
                    guard case .failure(let problem) = outcome else { continue }
                    writer.notice(task.line, task.title, nil, "Not imported. \(problem.detail)")
                }
            }
        }
        return writer
    }
}

extension TaskItem {
    /// Writes what a client needs to find an imported task again.
    fileprivate func write(to writer: inout JSONWriter, uid: String?) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("uid", uid)
            writer.member("title", title)
            writer.member("due", due)
            writer.member("is_recurring", recurrence != nil)
        }
    }
}

extension JSONWriter {
    /// Writes one thing that could not be kept as it was.
    fileprivate mutating func notice(
        _ line: Int,
        _ component: String?,
        _ property: String?,
        _ message: String,
        count: Int = 1
    ) {
        object { writer in
            writer.member("line", Int64(line))
            writer.member("component", component)
            writer.member("property", property)
            writer.member("message", message)
            writer.member("count", Int64(count))
        }
    }
}
