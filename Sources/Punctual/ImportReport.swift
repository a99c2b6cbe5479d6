// SPDX-License-Identifier: Apache-2.0

/// What became of an imported calendar, as the server answers it.
struct ImportReport: Decodable {
    /// A task that was made.
    struct Task: Decodable {
        let id: Int64
        let title: String
        let due: String?
        let isRecurring: Bool

        enum CodingKeys: String, CodingKey {
            case id, title, due
            case isRecurring = "is_recurring"
        }
    }
    /// Something that could not be kept as it was.
    struct Notice: Decodable {
        let line: Int
        let component: String?
        let property: String?
        let message: String
        let count: Int
    }

    /// The most tasks that are printed.
    static let maximumTasksShown = 20

    let entries: Int
    let merged: Int
    let refused: Int
    let imported: [Task]
    let notices: [Notice]

    enum CodingKeys: String, CodingKey {
        case entries, imported, notices
        case merged = "merged_count"
        case refused = "refused_count"
    }

    /// The report for people: the first tasks, then every notice.
    var text: String {
        var lines = ["imported \(imported.count) tasks from \(entries) entries"]
        if merged > 0 { lines[0] += "; \(merged) joined the series they belong to" }
        lines += imported.prefix(Self.maximumTasksShown).map {
            "  \($0.due ?? "no due date")  \($0.title)\($0.isRecurring ? " (recurring)" : "")"
        }
        let more = imported.count - Self.maximumTasksShown
        if more > 0 { lines.append("  … and \(more) more") }
        if !notices.isEmpty { lines.append("what could not be kept as it was:") }
        lines += notices.map { notice in
            let place = [notice.component, notice.property].compactMap(\.self)
                .joined(separator: ", ")
            return "  line \(notice.line)\(place.isEmpty ? "" : " (\(place))"): \(notice.message)"
                + (notice.count > 1 ? " (\(notice.count) times)" : "")
        }
        return lines.joined(separator: "\n")
    }
}
