// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
internal import PunctualPostgres

// Tags, which live beside the tasks that carry them.
extension PostgresTaskStore: TagStore {
    private typealias SQL = PackageResources

    package func tags(shard: Int16, userID: String) async throws -> [Tag] {
        try await execute(
            PostgresStatement("tags_list", SQL.tags_list_sql),
            [.int2(shard), .text(userID), .int8(Int64(Tag.maximumCount))]
        ).map { try Tag($0) }
    }

    package func addTag(
        shard: Int16,
        userID: String,
        name: String,
        color: String?
    ) async throws -> Tag? {
        try await execute(
            PostgresStatement("tag_add", SQL.tag_add_sql),
            [.int2(shard), .text(userID), .text(name), .text(color)]
        ).first.map { try Tag($0) }
    }

    package func updateTag(
        shard: Int16,
        userID: String,
        id: Int64,
        name: String?,
        color: Update<String>
    ) async throws -> Tag? {
        do {
            return try await execute(
                PostgresStatement("tag_update", SQL.tag_update_sql),
                [
                    .int2(shard), .text(userID), .int8(id), .text(name), .bool(color.isSet),
                    .text(color.applied(to: nil)),
                ],
                in: search
            ).first.map { try Tag($0) }
        } catch let error as PostgresError where error.constraint == "tags_name" {
            throw TaskStoreError.conflict
        }
    }

    package func deleteTag(shard: Int16, userID: String, id: Int64) async throws -> Bool {
        try await execute(
            PostgresStatement("tag_delete", SQL.tag_delete_sql),
            [.int2(shard), .text(userID), .int8(id)],
            in: search
        ).first != nil
    }
}

extension Tag {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(id: try row.int8(0), name: try row.text(1), color: try row.textOrNil(2))
    }
}
