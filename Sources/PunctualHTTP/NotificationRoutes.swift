// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds the reminders that fired, read or unread, and what could not be delivered.
    mutating func addNotifications(_ services: HTTPServices) {
        if let notifications = services.notifications { add(notifications) }
        if let letters = services.deadLetters { add(letters) }
    }

    private mutating func add(_ notifications: NotificationService) {
        on(.get, "/api/notifications") { call in
            var query = QueryParameters(
                call.request.uri.query,
                known: ["unread", "limit", "cursor"]
            )
            let unreadOnly = query.value("unread", "true or false.") { Bool($0) } ?? false
            let limit = query.pageLimit
            try query.finish()
            let page = try await notifications.page(
                of: call.user,
                unreadOnly: unreadOnly,
                cursor: query["cursor"],
                limit: limit
            )
            return Response(json: { page.write(to: &$0) })
        }
        on(.post, "/api/notifications/read") { call in
            try await notifications.markAllRead(of: call.user)
            return Response(status: .noContent)
        }
        on(.post, "/api/notifications/{id}/read") { call in
            guard let id = EventID(call.context.parameters.get("id") ?? "") else {
                throw Problem(.notFound, "There is no notification of this id.")
            }
            try await notifications.markRead(id, user: call.user)
            return Response(status: .noContent)
        }
    }

    private mutating func add(_ letters: DeadLetterService) {
        on(.get, "/api/dead-letters") { call in
            var query = QueryParameters(call.request.uri.query, known: ["limit", "cursor"])
            let limit = query.pageLimit
            try query.finish()
            let page = try await letters.page(
                of: call.user,
                cursor: query["cursor"],
                limit: limit
            )
            return Response(listing: page.items, nextCursor: page.nextCursor) {
                $0.write(to: &$1)
            }
        }
        on(.post, "/api/dead-letters/{id}/redrive") { call in
            try await letters.redrive(call.id(), user: call.user)
            return Response(status: .noContent)
        }
    }
}

extension QueryParameters {
    /// How many entries of a list are wanted, 50 when it is not said.
    fileprivate var pageLimit: Int {
        mutating get {
            value("limit", "A whole number from 1 to 500.") { text in
                Int(text).flatMap { (1...500).contains($0) ? $0 : nil }
            } ?? 50
        }
    }
}

extension NotificationPage {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("items")
            writer.array { writer in
                for item in items {
                    writer.object { writer in
                        writer.member("id", item.id.description)
                        writer.member("task_id", item.taskID)
                        writer.member("fired_at", item.firedAt)
                        writer.member("read_at", item.readAt)
                        writer.name("event")
                        writer.raw(item.json)
                    }
                }
            }
            writer.member("unread_count", Int64(unread))
            writer.member("next_cursor", nextCursor)
        }
    }
}

extension DeadLetter {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("event_id", eventID.description)
            writer.member("channel", channel)
            writer.member("target", target)
            writer.member("attempts", Int64(attempts))
            writer.member("first_error", firstError)
            writer.member("last_error", lastError)
            writer.member("dead_at", deadAt)
            writer.name("payload")
            writer.raw(json)
        }
    }
}
