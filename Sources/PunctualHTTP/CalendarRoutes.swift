// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PunctualCalendar
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds the tasks as a calendar, and the private address under which programs subscribe to it.
    mutating func addCalendar(_ services: HTTPServices) {
        on(.get, "/api/tasks.ics") { call in
            let calendar = TaskCalendar(
                query: try TaskQuery(call.request.uri.query, now: services.clock()),
                user: try call.user,
                services: services
            )
            var response = try await calendar.response(to: call.request)
            response.headers[.contentDisposition] = "attachment; filename=\"tasks.ics\""
            return response
        }
        guard let feeds = services.profiles else { return }
        open(.get, "/feeds/{name}") { call in
            let name = call.context.parameters.get("name") ?? ""
            guard name.hasSuffix(".ics"),
                let user = try await feeds.user(ofFeed: String(name.dropLast(4)))
            else { throw Problem(.notFound, "There is no such feed; its address may be old.") }
            let calendar = TaskCalendar(
                try call.feedKind(),
                query: TaskQuery(),
                user: user,
                services: services
            )
            return try await calendar.response(to: call.request)
        }
    }
}

extension Call {
    /// What tasks are in a feed: `?as=events` for programs that show nothing but events.
    fileprivate func feedKind() throws -> CalendarEntryKind {
        var query = QueryParameters(request.uri.query, known: ["as"])
        let kind = query.value("as", "todos or events.") { CalendarEntryKind(rawValue: $0) }
        try query.finish()
        return kind ?? .todos
    }
}

/// The tasks of a user as a calendar, made page by page, so that none is ever whole in memory.
struct TaskCalendar: Sendable {
    /// Tasks of a page.
    private static let pageSize = 500

    private let kind: CalendarEntryKind
    private let query: TaskQuery
    private let user: User
    private let services: HTTPServices
    private let now: WallInstant

    /// Creates the calendar of the tasks that match; their order and pages are its own, and of
    /// events it has only those still to come.
    init(
        _ kind: CalendarEntryKind = .todos,
        query: TaskQuery,
        user: User,
        services: HTTPServices
    ) {
        self.kind = kind
        var query = query
        if kind == .events { query.status = .active }
        (query.sort, query.descending) = (.createdAt, false)
        (query.limit, query.cursor) = (Self.pageSize, nil)
        (self.query, self.user, self.services) = (query, user, services)
        now = services.clock()
    }

    /// The calendar with a tag of what it says, or 304 to a client that has it already.
    ///
    /// What fits in a page is made once. More is made twice, to know the tag before the first byte
    /// leaves: programs ask every few minutes and rarely find anything new, so that the second time
    /// is the rare one.
    func response(to request: Request) async throws -> Response {
        var hash = SHA256()
        var single: ByteBuffer?
        var count = 0
        var pages = pages
        while let page = try await pages.next() {
            hash.update(data: page)
            count += 1
            single = count == 1 ? ByteBuffer(bytes: page) : nil
        }
        let digits = hash.finalize().prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        let tag = "\"\(digits.joined())\""
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        if request.headers.matches(tag) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "text/calendar; charset=utf-8"
        guard let single else {
            return Response(
                status: .ok,
                headers: headers,
                body: ResponseBody { writer in
                    var pages = self.pages
                    while let page = try await pages.next() {
                        try await writer.write(ByteBuffer(bytes: page))
                    }
                    try await writer.finish(nil)
                }
            )
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: single))
    }

    private var pages: Pages {
        Pages(kind, query: query, user: user, services: services, now: now)
    }
}

/// The pages of a calendar, each made when it is asked for.
private struct Pages {
    private let user: User
    private let services: HTTPServices
    private let now: WallInstant
    private var query: TaskQuery?
    private var export: CalendarExport

    init(
        _ kind: CalendarEntryKind,
        query: TaskQuery,
        user: User,
        services: HTTPServices,
        now: WallInstant
    ) {
        (self.query, self.user, self.services, self.now) = (query, user, services, now)
        export = CalendarExport(as: kind) { [zones = services.zones] in zones.rules(for: $0) }
        export.begin()
    }

    /// The next page; nil after the last.
    ///
    /// It is made on Swift's thread pool, away from the event loop of the connection.
    mutating func next() async throws -> [UInt8]? {
        guard var query else { return nil }
        let page = try await services.tasks.tasks(matching: query, user: user)
        query.cursor = page.nextCursor
        self.query = page.nextCursor == nil ? nil : query
        let made = await withTaskExecutorPreference(globalConcurrentExecutor) { [export, now] in
            var export = export
            for task in page.items { export.add(ExportedTask(task, now: now)) }
            if page.nextCursor == nil { export.end() }
            return (bytes: export.take(), export: export)
        }
        export = made.export
        return made.bytes
    }
}

extension HTTPFields {
    /// Whether `If-None-Match` names a tag (RFC 9110 §13.1.2).
    fileprivate func matches(_ tag: String) -> Bool {
        self[values: .ifNoneMatch].contains { value in
            value.split(separator: ",").contains {
                let given = $0.filter { !$0.isWhitespace }
                return given == "*" || given == tag || given == "W/\(tag)"
            }
        }
    }
}
