// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// Events that were released and wait to be acknowledged, in the order of their release.
struct ReleaseQueue {
    typealias Callback = @Sendable ([OutboxKey]) -> Void

    /// Events that were released by one call.
    fileprivate struct Group {
        var events: ArraySlice<ReleasedEvent>
        let onAcknowledged: Callback?
    }

    /// Events that are acknowledged by one statement.
    struct Batch {
        fileprivate(set) var events: [ReleasedEvent] = []
        fileprivate var groups: [Group] = []

        /// Tells those who released the events that they are acknowledged.
        func reportAcknowledged() {
            for group in groups { group.onAcknowledged?(group.events.map(\.key)) }
        }
    }

    private var groups: [Group] = []

    mutating func append(_ events: [ReleasedEvent], onAcknowledged: Callback?) {
        guard !events.isEmpty else { return }
        groups.append(Group(events: events[...], onAcknowledged: onAcknowledged))
    }

    /// Adds what was taken from another queue.
    mutating func append(_ batch: Batch) { groups += batch.groups }

    /// Takes the oldest events, at most `limit`; nil when there are none.
    mutating func takeBatch(limit: Int) -> Batch? {
        guard !groups.isEmpty else { return nil }
        var batch = Batch()
        var emptied = 0
        while emptied < groups.count, batch.events.count < limit {
            let part = groups[emptied].events.prefix(limit - batch.events.count)
            batch.events += part
            batch.groups.append(
                Group(events: part, onAcknowledged: groups[emptied].onAcknowledged)
            )
            groups[emptied].events.removeFirst(part.count)
            if groups[emptied].events.isEmpty { emptied += 1 }
        }
        groups.removeFirst(emptied)
        return batch
    }
}
