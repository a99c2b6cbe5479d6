// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

// The events that a change puts into the outbox.
extension TaskPlanner {
    /// The event of a change of a task; due now.
    func changed(_ task: TaskItem, _ type: EventType, id: Int64, now: WallInstant) -> StagedEvent {
        var json = JSONWriter()
        json.object { json in
            json.member("version", "1.0")
            json.member("event_type", type.rawValue)
            json.member("task_id", task.id)
            json.member("user_id", task.userID)
            json.member("task_version", task.version)
            json.name("task_data")
            task.write(to: &json)
        }
        return StagedEvent(
            key: OutboxKey(
                shard: task.shard,
                sourceID: id,
                nominal: ZoneRules.utc.localTime(at: now)
            ),
            type: type,
            taskID: task.id,
            userID: task.userID,
            due: now,
            payload: json.text,
            traceparent: TraceContext.told
        )
    }

    /// Records the reminders that are not armed because their instant is past, but for those that
    /// `old` has already.
    func recordSkipped(
        of task: TaskItem,
        since old: TaskItem? = nil,
        now: WallInstant,
        in change: inout ChangeSet
    ) {
        let known = Set(old?.reminders.map(\.id) ?? [])
        for reminder in task.reminders
        where reminder.state == .skipped && !known.contains(reminder.id) {
            change.events.append(
                reminderEvent(
                    .skipped,
                    of: task,
                    sourceID: reminder.id,
                    due: now,
                    remindAt: reminder.due,
                    reason: "it was past already when it was created"
                )
            )
        }
    }

    /// Records the occurrences that a rollover passed over.
    func recordMissed(
        _ occurrences: [Occurrence],
        of task: TaskItem,
        now: WallInstant,
        in change: inout ChangeSet
    ) {
        guard let seriesID = task.seriesID ?? task.recurrence.map({ _ in task.id }) else { return }
        for occurrence in occurrences {
            guard let due = occurrence.instant else { continue }
            change.seriesEntries.append(
                SeriesEntry(
                    shard: task.shard,
                    seriesID: seriesID,
                    nominal: occurrence.nominal,
                    due: due,
                    state: .missed
                )
            )
            var missed = task
            (missed.due, missed.nominal) = (due, occurrence.nominal)
            change.events.append(
                reminderEvent(
                    .missed,
                    of: missed,
                    sourceID: seriesID,
                    nominal: occurrence.nominal,
                    due: now,
                    remindAt: due,
                    reason: "the series moved on before it was done"
                )
            )
        }
    }

    /// An event about a reminder, in the form in which reminders fire, with the reason beside it.
    func reminderEvent(
        _ type: EventType,
        of task: TaskItem,
        sourceID: Int64,
        nominal: CivilDateTime? = nil,
        due: WallInstant,
        remindAt: WallInstant,
        reason: String
    ) -> StagedEvent {
        var json = JSONWriter()
        json.object { json in
            json.member("version", "1.0")
            json.member("event_type", type.rawValue)
            json.member("task_id", task.id)
            json.member("user_id", task.userID)
            json.member("title", task.title)
            json.member("due_at", task.due)
            json.member("remind_at", remindAt)
            json.member("nominal_time", task.nominal?.description)
            json.member("occurrence", task.occurrence)
            json.member("series_id", task.seriesID)
            json.member("reason", reason)
        }
        return StagedEvent(
            key: OutboxKey(
                shard: task.shard,
                sourceID: sourceID,
                nominal: nominal ?? ZoneRules.utc.localTime(at: remindAt)
            ),
            type: type,
            taskID: task.id,
            userID: task.userID,
            due: due,
            payload: json.text,
            traceparent: TraceContext.told
        )
    }
}
