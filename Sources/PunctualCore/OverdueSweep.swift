// SPDX-License-Identifier: Apache-2.0

/// What one sweep did.
package struct SweepReport: Sendable, Hashable {
    /// Shards that nobody held and that this sweep took.
    package var shards = 0
    /// Events that a former owner had staged and this sweep found in `outbox`.
    package var recovered = 0
    /// Reminders and jobs fired.
    package var fired = 0
    /// Reminders recorded as skipped or coalesced by their misfire policy.
    package var passedOver = 0
    /// Occurrences created for series that roll over on schedule.
    package var rolledOver = 0
    /// Whether nothing that was overdue in those shards is left.
    package var isComplete = true

    /// Creates the report of a sweep that found nothing.
    package init() {}
}

/// The last net: fires what nobody fired, also where no engine runs.
package protocol OverdueSweep: Sendable {
    /// Takes the shards that nobody holds, fires what is overdue in them, and gives them back.
    ///
    /// It is idempotent, and any number of sweeps at once fire each reminder once: what another
    /// holds is skipped. It returns when the events are acknowledged, or after a bounded time.
    ///
    /// - Throws: when the database did not answer.
    func sweep() async throws -> SweepReport
}
