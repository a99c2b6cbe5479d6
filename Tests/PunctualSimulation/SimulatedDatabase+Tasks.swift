// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime

// What the writers of tasks do: change_apply.sql, and what the planner puts into it.
extension SimulatedDatabase {
    /// Locks the rows of a task that still wait; `unlock` with the answer when the change commits.
    func lock(task id: Int64) -> [Int64] {
        guard let task = tasks[id], !task.isGone else { return [] }
        let rows = [task.reminder, task.rollover].compactMap { $0 }
            .filter { reminders[$0] != nil }
        for row in rows { locked[row, default: 0] += 1 }
        return rows
    }

    func unlock(_ rows: [Int64]) {
        for row in rows { locked[row] = locked[row].flatMap { $0 > 1 ? $0 - 1 : nil } }
    }

    /// Carries out an order.
    func apply(_ order: Order, epoch: Int64) -> Outcome {
        var outcome = Outcome()
        switch order.deed {
        case .arm(let shard, let due, let traits):
            let task = TaskRow(shard: shard, reminder: 0, due: epoch + due, traits: traits)
            guard tasks[order.task] == nil else { return outcome }
            arm(order.task, task, &outcome)
        case .withdraw:
            guard let task = tasks[order.task], !task.isGone else { return outcome }
            withdraw(task, &outcome)
            tasks[order.task]?.isGone = true
        case .move(let due):
            guard let task = tasks[order.task], !task.isGone else { return outcome }
            move(order.task, task, to: epoch + due, &outcome)
        }
        publishChange(of: order.task, &outcome)
        return outcome
    }

    /// Derives a task anew with another tzdata: an edit, unless its reminder is past already.
    func deriveAnew(_ id: Int64, tzdata: Int, by shift: Int64, at wall: Int64) -> Outcome {
        var outcome = Outcome()
        guard let task = tasks[id], !task.isGone, task.tzdata < tzdata else { return outcome }
        tasks[id]?.tzdata = tzdata
        if task.due > wall {
            move(id, task, to: task.due + shift, &outcome)
            tasks[id]?.tzdata = tzdata
        }
        publishChange(of: id, &outcome)
        return outcome
    }

    /// The tasks that another tzdata was used for.
    func zoned(in shards: Set<Int16>, before tzdata: Int) -> [Int64] {
        tasks.filter { _, task in
            task.traits.isZoned && !task.isGone && task.tzdata < tzdata
                && shards.contains(task.shard)
        }.keys.sorted()
    }

    /// Makes the successor of a task, or finds that there is one, and settles the outbox row.
    func rollOver(_ event: StagedEvent) -> Outcome {
        var outcome = Outcome()
        outbox[event.key] = nil
        ledger.settled(event.key)
        guard let id = event.taskID, let task = tasks[id], !task.isGone,
            task.rollover == event.key.sourceID, successors[id] == nil, task.traits.successors > 0
        else { return outcome }
        let successor = nextID()
        successors[id] = successor
        var next = TaskRow(
            shard: task.shard,
            reminder: 0,
            due: task.due + task.traits.period,
            traits: task.traits
        )
        next.traits.successors -= 1
        arm(successor, next, &outcome)
        return outcome
    }

    private func arm(_ id: Int64, _ task: TaskRow, _ outcome: inout Outcome) {
        var task = task
        task.reminder = nextID()
        add(task.reminder, .reminder, of: id, task, &outcome)
        if task.traits.successors > 0 {
            let rollover = nextID()
            task.rollover = rollover
            add(rollover, .rollover, of: id, task, &outcome)
        }
        tasks[id] = task
    }

    private func add(
        _ reminder: Int64,
        _ kind: ReminderKind,
        of id: Int64,
        _ task: TaskRow,
        _ outcome: inout Outcome
    ) {
        let grace = task.traits.skipAfterMilliseconds
        let row = ArmedReminder(
            shard: task.shard,
            id: reminder,
            kind: kind,
            taskID: id,
            due: WallInstant(microsecondsSinceEpoch: task.due),
            nominal: CivilDateTime(secondsSinceEpoch: task.due / 1_000_000),
            misfire: MisfirePolicy(
                action: grace == nil ? .fire : .skip,
                graceMilliseconds: grace ?? 0
            )
        )
        reminders[reminder] = row
        outcome.armed.append(row)
        let type: EventType = kind == .rollover ? .rollover : .reminderDue
        ledger.armed(row.key, type, due: task.due, at: wall)
    }

    private func withdraw(_ task: TaskRow, _ outcome: inout Outcome) {
        for id in [task.reminder, task.rollover].compactMap({ $0 }) {
            let key = OutboxKey(
                shard: task.shard,
                sourceID: id,
                nominal: CivilDateTime(secondsSinceEpoch: task.due / 1_000_000)
            )
            if reminders.removeValue(forKey: id) != nil {
                outcome.waiting.append(key)
            } else if outbox.removeValue(forKey: key) != nil {
                outcome.staged.append(key)
            }
            ledger.withdrawn(key)
        }
    }

    private func move(_ id: Int64, _ task: TaskRow, to due: Int64, _ outcome: inout Outcome) {
        withdraw(task, &outcome)
        var moved = task
        moved.due = due
        moved.rollover = nil
        moved.version += 1
        if successors[id] != nil { moved.traits.successors = 0 }
        arm(id, moved, &outcome)
    }

    private func publishChange(of id: Int64, _ outcome: inout Outcome) {
        guard let task = tasks[id], task.traits.isPublished else { return }
        let instant = WallInstant(microsecondsSinceEpoch: wall)
        let event = StagedEvent(
            key: OutboxKey(
                shard: task.shard,
                sourceID: nextID(),
                nominal: CivilDateTime(secondsSinceEpoch: wall / 1_000_000)
            ),
            type: .updated,
            taskID: id,
            userID: "dev",
            due: instant,
            payload: "{\"task_id\":\(id)}"
        )
        outbox[event.key] = event
        ledger.armed(event.key, .updated, due: wall, at: wall)
        outcome.published.append(event)
    }
}
