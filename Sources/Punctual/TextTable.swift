// SPDX-License-Identifier: Apache-2.0

/// Columns of text under their titles, for people.
struct TextTable {
    private var rows: [[String]]

    /// A table without rows.
    init(_ titles: [String]) { rows = [titles] }

    /// Adds a row of as many cells as there are titles.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The lines: the first column to the left, numbers and all others to the right.
    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : space + row[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
