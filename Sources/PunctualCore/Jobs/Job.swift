// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// A named schedule without a task, as Dapr's Jobs API knows it.
package struct Job: Sendable {
    /// What it is called, 1 to 255 bytes.
    package var name: String
    /// Under which id its times are armed; a job that replaces another has a new one.
    package var id: Int64
    /// When it is repeated, as it was given: see ``CronSchedule``; nil for a job that comes once.
    package var schedule: String?
    /// When it comes first, as it was given.
    package var dueTime: String?
    /// Until when it comes at all, as it was given.
    package var ttl: String?
    /// How often it comes at most; nil for any number.
    package var repeats: Int32?
    /// What it carries, as JSON text; nil when it carries nothing.
    package var data: String?
    /// What happens when a call fails, as JSON text; nil for the standard policy.
    package var failurePolicy: String?
    /// How often it has come.
    package var fired: Int32 = 0
    /// When it comes next.
    package var due: WallInstant
    /// Until when it comes at all.
    package var expires: WallInstant?

    /// Creates a job from what every job has.
    package init(name: String, id: Int64, due: WallInstant) {
        (self.name, self.id, self.due) = (name, id, due)
    }

    /// Whose the events of a job of this name are.
    ///
    /// No task is ever owned by it.
    package static func userID(of name: String) -> String { userPrefix + name }

    private static let userPrefix = "job:"
}

/// Why a job was refused, as Dapr says it.
package struct JobError: Error, Sendable, Hashable {
    /// What kind of refusal it is.
    package enum Kind: Sendable { case invalid, notFound, exists }
    /// What kind of refusal it is.
    package let kind: Kind
    /// Dapr's name for it, such as `DAPR_SCHEDULER_SCHEDULE_EMPTY`.
    package let code: String
    /// What is wrong, naming the member of the body, and what would be right.
    package let message: String

    /// Creates a refusal from its parts.
    package init(_ kind: Kind, _ code: String, _ message: String) {
        (self.kind, self.code, self.message) = (kind, code, message)
    }
}

/// Where jobs are kept.
///
/// Every call but ``reserveID()`` is one statement.
package protocol JobStore: Sendable {
    /// An id that was never given before.
    func reserveID() async throws -> Int64
    /// Writes a job and arms its next time.
    ///
    /// - Returns: what it had staged of the job that it replaces; nil when there is one of that
    ///   name and `overwriting` is false: then nothing is written.
    func put(_ job: Job, shard: Int16, overwriting: Bool) async throws -> [OutboxKey]?
    /// Deletes a job and all that it has armed.
    ///
    /// - Returns: what it had staged; nil when there was no such job.
    func delete(name: String, shard: Int16) async throws -> [OutboxKey]?
    /// The job of a name.
    func job(named name: String, shard: Int16) async throws -> Job?
    /// The job of an id.
    func job(id: Int64, shard: Int16) async throws -> Job?
    /// Moves the job of an id on from one time to the next, or ends it when there is none.
    ///
    /// It settles the outbox row of the time that has been, and is safe to repeat.
    func roll(id: Int64, shard: Int16, from due: WallInstant, to next: WallInstant?) async throws
}
