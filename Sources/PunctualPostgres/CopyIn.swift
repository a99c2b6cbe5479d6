// SPDX-License-Identifier: Apache-2.0

/// The statement and the data of a COPY in binary (PostgreSQL, "COPY", "Binary Format").
struct CopyIn {
    let sql: String
    let data: [UInt8]

    /// The most that one COPY may send.
    static let maximumBytes = 256 << 20

    init(
        table: String,
        columns: [String],
        rows: some Sequence<[PostgresValue]>
    ) throws(PostgresError) {
        let table = table.split(separator: ".").map { $0.quotedIdentifier }
        let columns = columns.map(\.quotedIdentifier)
        sql =
            "COPY \(table.joined(separator: ".")) (\(columns.joined(separator: ", "))) "
            + "FROM STDIN (FORMAT binary)"

        var writer = BinaryWriter()
        writer.append("PGCOPY\n".utf8)
        writer.append([0xFF, 0x0D, 0x0A, 0x00])
        writer.append(Int32(0))
        writer.append(Int32(0))
        for row in rows {
            guard row.count == columns.count else {
                throw PostgresError(.misuse, "a row has \(row.count) values for other columns")
            }
            writer.append(Int16(truncatingIfNeeded: row.count))
            for value in row {
                guard let bytes = value.bytes else {
                    writer.appendNull()
                    continue
                }
                writer.append(Int32(truncatingIfNeeded: bytes.count))
                writer.append(bytes)
            }
            guard writer.bytes.count < Self.maximumBytes else {
                throw PostgresError(.misuse, "more than \(Self.maximumBytes) bytes for one COPY")
            }
        }
        writer.append(Int16(-1))
        data = writer.bytes
    }
}

extension StringProtocol {
    /// The text as a quoted SQL identifier.
    var quotedIdentifier: String {
        "\"" + split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}
