// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds reading what became of the occurrences of a series.
    mutating func addHistory(_ services: HTTPServices) {
        aside(.get, "/api/tasks/{id}/history") { call in
            let page = try await services.tasks.history(
                of: call.id(),
                HistoryQuery(call.request.uri.query),
                user: call.user
            )
            return Response(history: page, now: services.clock())
        }
    }
}

extension HistoryQuery {
    /// Microseconds of the instants at which a page can end: the years 1 to 9999.
    private static let cursors: ClosedRange<Int64> =
        -62_135_596_800_000_000...253_402_300_799_999_999

    /// Reads the query of a history.
    ///
    /// - Throws: a problem that names every wrong parameter.
    fileprivate init(_ text: String?) throws(HTTPProblem) {
        self.init()
        var query = QueryParameters(text, known: ["order", "limit", "cursor"])
        descending =
            query.value("order", "asc or desc.") { ["asc", "desc"].firstIndex(of: $0) } == 1
        limit =
            query.value("limit", "A whole number from 1 to 500.") { text in
                Int(text).flatMap { (1...500).contains($0) ? $0 : nil }
            } ?? limit
        following =
            query.value("cursor", "Use the next_cursor of the page before.") { text in
                Int64(text).flatMap { Self.cursors.contains($0) ? $0 : nil }
                    .map { WallInstant(microsecondsSinceEpoch: $0) }
            }
        try query.finish()
    }
}
