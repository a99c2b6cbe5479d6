// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// The jobs of an application, by Dapr's rules.
package struct JobService: Sendable {
    /// How late a time may be and still come; of those before, only the last one does.
    static let graceMicroseconds: Int64 = 60_000_000
    /// How many times that were missed are looked at in one turn.
    static let maximumMissed = 100_000

    private let store: any JobStore
    private let zones: any ZoneSource
    private let shards: ShardMap
    private let hints: any EngineHints
    private let clock: WallClock

    /// Creates the service from what it needs.
    package init(
        store: any JobStore,
        zones: any ZoneSource,
        shards: ShardMap,
        hints: any EngineHints,
        clock: @escaping WallClock
    ) {
        (self.store, self.zones, self.shards) = (store, zones, shards)
        (self.hints, self.clock) = (hints, clock)
    }

    private func shard(of name: String) -> Int16 { shards.shard(of: Job.userID(of: name)) }

    /// Creates a job, or replaces one if the body says `overwrite`.
    ///
    /// - Throws: ``JobError`` for a body that is no job, and for a name that is taken.
    package func create(name: String, body: JSONValue) async throws {
        let draft = try JobDraft(name: name, body: body, zones: zones, now: clock())
        var job = draft.job
        job.id = try await store.reserveID()
        let shard = shard(of: name)
        let staged = try await store.put(job, shard: shard, overwriting: draft.overwrites)
        guard let staged else {
            throw JobError(
                .exists,
                "DAPR_SCHEDULER_JOB_ALREADY_EXISTS",
                "There is a job of this name; say overwrite to replace it."
            )
        }
        hints.hint(shard: shard, due: job.due)
        if !staged.isEmpty { _ = await hints.withdraw(staged) }
    }

    /// The job of a name.
    ///
    /// - Throws: ``JobError`` when there is none.
    package func job(named name: String) async throws -> Job {
        try JobDraft.check(name: name)
        guard let job = try await store.job(named: name, shard: shard(of: name)) else {
            throw JobError(.notFound, "DAPR_SCHEDULER_JOB_NOT_FOUND", "There is no such job.")
        }
        return job
    }

    /// Deletes a job; there need be none.
    package func delete(name: String) async throws {
        try JobDraft.check(name: name)
        let staged = try await store.delete(name: name, shard: shard(of: name)) ?? []
        if !staged.isEmpty { _ = await hints.withdraw(staged) }
    }

    /// Arms the time that follows one that has come, or ends the job; safe to repeat.
    package func rollOver(_ event: StagedEvent) async throws {
        let (shard, id) = (event.key.shard, -event.key.sourceID)
        let job = try await store.job(id: id, shard: shard)
        let next = job.flatMap { following($0, after: event.due) }
        try await store.roll(id: id, shard: shard, from: event.due, to: next)
        if let next { hints.hint(shard: shard, due: next) }
    }

    /// When a job comes after `due`; nil when that was the last time.
    ///
    /// Of the times that have been missed by more than the grace, only the last one comes.
    private func following(_ job: Job, after due: WallInstant) -> WallInstant? {
        guard let text = job.schedule, job.repeats.map({ job.fired + 1 < $0 }) ?? true,
            // It was read when the job was created; a zone may be gone since, and then it ends.
            let schedule = try? CronSchedule(text, zones: zones.rules(for:)),
            var next = schedule.next(after: due)
        else { return nil }
        let now = clock()
        let old = now.adding(microseconds: -Self.graceMicroseconds)
        for _ in 0..<Self.maximumMissed where next < old {
            guard let later = schedule.next(after: next), later <= now else { break }
            next = later
        }
        return job.expires.map { next < $0 } ?? true ? next : nil
    }
}

/// Keeps series and jobs going: a rollover without a task is a job's.
package struct ScheduleKeeper: SeriesKeeper {
    private let tasks: any SeriesKeeper
    private let jobs: JobService

    /// Creates a keeper of both.
    package init(tasks: any SeriesKeeper, jobs: JobService) {
        (self.tasks, self.jobs) = (tasks, jobs)
    }

    package func rollOver(_ event: StagedEvent) async throws {
        if event.taskID == nil {
            try await jobs.rollOver(event)
        } else {
            try await tasks.rollOver(event)
        }
    }

    package func deriveAnew(shards: [Int16]) async throws -> Int {
        try await tasks.deriveAnew(shards: shards)
    }
}
