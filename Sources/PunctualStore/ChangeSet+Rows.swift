// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualPostgres
internal import PunctualTime

extension Array<ChangeSet> {
    /// The parameters of `change_apply.sql`: one JSON array of rows for each of its inputs.
    var parameters: [PostgresValue] {
        [
            insertedTasks,
            rows(\.updatedTasks) { $0.writeRow(to: &$1) },
            rows(\.deletedTasks) { task, json in
                json.object { json in
                    json.member("shard", Int64(task.shard))
                    json.member("id", task.id)
                    json.member("version", task.version)
                }
            },
            rows(\.withdrawnReminders) { $0.writeRow(to: &$1) },
            armedReminders, events,
            rows(\.settledKeys) { key, json in
                json.object { json in key.writeColumns(to: &json) }
            },
            rows(\.seriesEntries) { $0.writeRow(to: &$1) },
            answers, tags,
        ]
    }

    /// The parameters of `change_create.sql`: those of them that are of what is new.
    var creations: [PostgresValue] { [insertedTasks, armedReminders, events, answers, tags] }

    private var insertedTasks: PostgresValue { rows(\.insertedTasks) { $0.writeRow(to: &$1) } }
    private var armedReminders: PostgresValue { rows(\.armedReminders) { $0.writeRow(to: &$1) } }
    private var events: PostgresValue { rows(\.events) { $0.writeRow(to: &$1) } }
    private var answers: PostgresValue {
        rows({ $0.answer.map { [$0] } ?? [] }) { $0.writeRow(to: &$1) }
    }
    private var tags: PostgresValue {
        rows({ $0.insertedTasks + $0.updatedTasks }, { $0.writeTags(to: &$1) })
    }

    private func rows<Row>(
        _ rows: (ChangeSet) -> [Row],
        _ write: (Row, inout JSONWriter) -> Void
    ) -> PostgresValue {
        var json = JSONWriter()
        json.array { json in
            for change in self {
                for row in rows(change) { write(row, &json) }
            }
        }
        return .jsonb(utf8: json.utf8)
    }
}

extension TaskItem {
    fileprivate func writeTags(to json: inout JSONWriter) {
        for tag in tags {
            json.object { json in
                json.member("shard", Int64(shard))
                json.member("user_id", userID)
                json.member("name", tag)
            }
        }
    }
}

extension WithdrawnReminder {
    fileprivate func writeRow(to json: inout JSONWriter) {
        json.object { json in
            json.member("shard", Int64(shard))
            json.member("id", id)
            json.member("due", due)
            json.member("nominal", nominal.description)
        }
    }
}

extension ArmedReminder {
    fileprivate func writeRow(to json: inout JSONWriter) {
        json.object { json in
            json.member("shard", Int64(shard))
            json.member("due", due)
            json.member("id", id)
            json.member("kind", Int64(kind.rawValue))
            json.member("task_id", taskID)
            json.member("nominal", nominal.description)
            json.member("misfire", Int64(misfire.action.code))
            json.member("misfire_grace_ms", Int64(misfire.graceMilliseconds))
            if let traceparent { json.member("traceparent", traceparent) }
        }
    }
}

extension StagedEvent {
    fileprivate func writeRow(to json: inout JSONWriter) {
        json.object { json in
            key.writeColumns(to: &json)
            json.member("event_type", type.rawValue)
            json.member("task_id", taskID)
            json.member("user_id", userID)
            json.member("due", due)
            json.name("payload")
            json.raw(payload)
            if let traceparent { json.member("traceparent", traceparent) }
        }
    }
}

extension OutboxKey {
    fileprivate func writeColumns(to json: inout JSONWriter) {
        json.member("shard", Int64(shard))
        json.member("source_id", sourceID)
        json.member("nominal", nominal.description)
    }
}

extension SeriesEntry {
    fileprivate func writeRow(to json: inout JSONWriter) {
        json.object { json in
            json.member("shard", Int64(shard))
            json.member("series_id", seriesID)
            json.member("nominal", nominal.description)
            json.member("due", due)
            json.member("state", state.rawValue)
        }
    }
}

extension RememberedAnswer {
    fileprivate func writeRow(to json: inout JSONWriter) {
        json.object { json in
            json.member("shard", Int64(shard))
            json.member("user_id", userID)
            json.member("key", key)
            json.member("fingerprint", fingerprint)
            json.member("status", Int64(status))
            json.member("body", body)
        }
    }
}
