// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres

extension PostgresStatement {
    /// A statement from one of the embedded `.sql` files, prepared under `name`.
    init(_ name: String, _ file: [UInt8]) {
        self.init(name: name, sql: String(decoding: file, as: UTF8.self))
    }
}
