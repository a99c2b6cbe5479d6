// SPDX-License-Identifier: Apache-2.0

import Logging
import PunctualCore
import PunctualTime

/// Events for tests.
enum Sample {
    static let start = WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000)
    static let shards = ShardMap(count: 64)

    static func staged(
        _ number: Int64,
        user: String = "ada",
        type: EventType = .reminderDue,
        due: WallInstant = start
    ) -> StagedEvent {
        StagedEvent(
            key: OutboxKey(
                shard: shards.shard(of: user),
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000)
            ),
            type: type,
            taskID: number,
            userID: user,
            due: due,
            payload: "{\"event_type\":\"\(type.rawValue)\",\"task_id\":\(number)}"
        )
    }

    static func released(
        _ number: Int64,
        user: String = "ada",
        type: EventType = .reminderDue,
        at instant: WallInstant = start
    ) -> ReleasedEvent {
        staged(number, user: user, type: type).released(at: instant)
    }

    /// A user of a shard with the given parity, so of a known lane.
    static func user(parity: Int16, number: Int = 0) -> String {
        for suffix in 0... where shards.shard(of: "user-\(number)-\(suffix)") & 1 == parity {
            return "user-\(number)-\(suffix)"
        }
        return ""
    }
}

/// A logger that keeps the tests' output readable.
let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
