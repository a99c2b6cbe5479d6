// SPDX-License-Identifier: Apache-2.0

/// One thing that a user does, through one process.
///
/// Times are microseconds from the start.
package struct Order: Sendable, Hashable {
    /// What is done.
    package enum Deed: Sendable, Hashable {
        /// Makes a task with a reminder.
        case arm(shard: Int16, due: Int64, TaskTraits)
        /// Takes the reminder of a task back.
        case withdraw
        /// Moves the reminder of a task to another instant.
        case move(due: Int64)
    }

    /// Its number in the scenario, by which its latencies are drawn.
    package var id: Int64
    /// The task concerned.
    package var task: Int64
    /// When.
    package var at: Int64
    /// The process whose API is asked; the next one, if that is not serving.
    package var process: Int
    /// What is done.
    package var deed: Deed

    /// Creates an order from its parts.
    package init(id: Int64, task: Int64, at: Int64, process: Int, deed: Deed) {
        (self.id, self.task, self.at) = (id, task, at)
        (self.process, self.deed) = (process, deed)
    }
}

/// What is particular to a task.
package struct TaskTraits: Sendable, Hashable {
    /// How many occurrences follow, each made by the rollover of the one before.
    package var successors: Int
    /// How many microseconds lie between them.
    package var period: Int64
    /// Whether a new tzdata moves its reminder.
    package var isZoned: Bool
    /// Whether its changes are published.
    package var isPublished: Bool
    /// Beyond this grace it is skipped rather than fired; nil: always fired.
    package var skipAfterMilliseconds: Int32?

    /// Creates traits from their parts.
    package init(
        successors: Int = 0,
        period: Int64 = 0,
        isZoned: Bool = false,
        isPublished: Bool = false,
        skipAfterMilliseconds: Int32? = nil
    ) {
        (self.successors, self.period, self.isZoned) = (successors, period, isZoned)
        (self.isPublished, self.skipAfterMilliseconds) = (isPublished, skipAfterMilliseconds)
    }
}
