// SPDX-License-Identifier: Apache-2.0

/// The bounds and periods of an engine.
package struct EngineConfiguration: Sendable {
    /// How long a lease is good for, on the database's clock.
    package var leaseMilliseconds = 10_000
    /// How much earlier than that the engine stops trusting it.
    package var leaseMarginMilliseconds = 2_000
    /// How long before due a reminder is staged; nil adapts it to the time that staging takes.
    package var fixedLead: Duration?
    /// The shortest adaptive lead.
    package var minimumLead = Duration.milliseconds(250)
    /// The longest lead.
    package var maximumLead = Duration.seconds(5)
    /// How far ahead a herd is staged: time for half a million at what one PostgreSQL stages.
    package var herdLead = Duration.seconds(15)
    /// How many overdue reminders are staged a second.
    package var catchUpRate = 5_000
    /// How late a reminder is before it counts as overdue and is caught up with at that rate.
    package var overdueAfter = Duration.seconds(2)
    /// How many reminders one stage moves at most, over all its shards.
    package var stageLimit = 2_000
    /// How many events one turn releases at most.
    package var releaseLimit = 256
    /// How many bytes of payload wait in memory; beyond, they are read back when due.
    package var maximumStagedBytes = 128 << 20
    /// How many events are staged in memory at most, with or without payload.
    package var maximumStaged = 500_000
    /// How many released events may wait for their acknowledgement before staging pauses.
    package var maximumUnacknowledged = 250_000
    /// How many rollovers are in the hands of the database at once.
    package var maximumRollovers = 16
    /// How many renewals pass between two scans of `reminders` and `outbox` without a lower bound.
    package var renewalsPerNet = 30

    /// Creates the standard configuration.
    package init() {}
}
