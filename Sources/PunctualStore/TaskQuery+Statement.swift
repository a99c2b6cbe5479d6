// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualPostgres

/// Where a page of tasks ended: the sort key and the id of its last task.
struct TaskCursor {
    let key: Int64
    let id: Int64

    init(key: Int64, id: Int64) { (self.key, self.id) = (key, id) }

    /// Reads what `text` wrote for a list of this order.
    init(_ text: String, _ sort: TaskQuery.Sort) throws(Problem) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = Int64(parts[0]), let id = Int64(parts[1]),
            sort.keys.contains(key) || sort == .dueDate && key == .max
        else {
            throw .invalid("/cursor", "is no cursor; use the next_cursor of the page before")
        }
        self.init(key: key, id: id)
    }

    var text: String { "\(key)_\(id)" }
}

extension TaskQuery.Sort {
    /// The keys of an order: ranks, or microseconds from the year 1 to 9999.
    fileprivate var keys: ClosedRange<Int64> {
        self == .priority ? 0...3 : -62_135_596_800_000_000...253_402_300_799_999_999
    }
}

extension TaskQuery {
    /// The statement of this order; one of six, each prepared under a name of its own.
    var statement: PostgresStatement {
        let instant = "timestamptz 'epoch' + $9 * interval '1 microsecond'"
        let (key, column, bound) =
            switch sort {
            case .createdAt:
                ("(extract(epoch FROM t.created_at) * 1000000)::bigint", "t.created_at", instant)
            case .priority: ("t.priority::bigint", "t.priority", "$9::smallint")
            case .dueDate:
                (
                    "coalesce((extract(epoch FROM t.due) * 1000000)::bigint, \(Int64.max))",
                    "coalesce(t.due, 'infinity')",
                    "CASE WHEN $9 = \(Int64.max) THEN timestamptz 'infinity' ELSE \(instant) END"
                )
            }
        var sql = String(decoding: PackageResources.tasks_list_sql, as: UTF8.self)
        for (word, constant) in [
            ("SORT_KEY AS", "\(key) AS"), ("(SORT_COLUMN", "(\(column)"), ("SORT_BOUND", bound),
            ("BY SORT_COLUMN", "BY \(column)"), ("COMPARED (", descending ? "< (" : "> ("),
            ("DIRECTION,", descending ? "DESC," : ","),
            ("DIRECTION\n", descending ? "DESC\n" : "\n"),
        ] {
            sql = sql.split(separator: word, omittingEmptySubsequences: false)
                .joined(separator: constant)
        }
        return PostgresStatement(
            name: "tasks_by_\(sort.rawValue)\(descending ? "_desc" : "")",
            sql: sql
        )
    }
}
