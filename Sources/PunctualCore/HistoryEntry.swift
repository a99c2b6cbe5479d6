// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// One occurrence in the history of a series.
package struct HistoryEntry: Sendable {
    /// What became of the occurrence.
    package enum State: String, Sendable, CaseIterable { case active, completed, missed, skipped }
    /// The task that stands for it, if one does.
    package var taskID: Int64?
    /// The nominal local time of the occurrence.
    package var nominal: CivilDateTime?
    /// When it was due.
    package var due: WallInstant?
    /// What became of it.
    package var state: State
    /// When it was done.
    package var completedAt: WallInstant?

    /// Microseconds from when it was due until it was done, or until `now` if it is still to be
    /// done; nil where that is not late, and for what was missed or skipped.
    package func lateness(at now: WallInstant) -> Int64? {
        guard let due, let end = state == .active ? now : completedAt, end > due else { return nil }
        return end.microsecondsSinceEpoch - due.microsecondsSinceEpoch
    }
}

/// Which part of a history is wanted.
package struct HistoryQuery: Sendable {
    /// How many occurrences at most, 1 to 500.
    package var limit = 500
    /// Whether the last comes first.
    package var descending = false
    /// Only what follows the occurrences that are due at this instant: where the page before ended.
    package var following: WallInstant?

    /// A query for the first page.
    package init() {}
}

/// One page of a history.
package struct HistoryPage: Sendable {
    /// The occurrences, by when they are due.
    package var items: [HistoryEntry]
    /// When the last of them is due, if others follow it.
    package var end: WallInstant?
}
