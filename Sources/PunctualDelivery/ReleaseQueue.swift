// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// Events that were released and wait to be acknowledged, in the order of their release.
struct ReleaseQueue {
    typealias Callback = @Sendable ([OutboxKey]) -> Void

    /// Events that were released by one call.
    private struct Group {
        var events: ArraySlice<ReleasedEvent>
        let onAcknowledged: Callback?
    }

    /// Events that are acknowledged by one statement.
    struct Batch {
        fileprivate(set) var events: [ReleasedEvent] = []
        fileprivate var callbacks: [(Range<Int>, Callback)] = []

        /// Tells those who released the events that they are acknowledged.
        func reportAcknowledged() {
            for (range, callback) in callbacks { callback(events[range].map(\.key)) }
        }
    }

    private var groups: [Group] = []

    mutating func append(_ events: [ReleasedEvent], onAcknowledged: Callback?) {
        guard !events.isEmpty else { return }
        groups.append(Group(events: events[...], onAcknowledged: onAcknowledged))
    }

    /// Takes the oldest events, at most `limit`; nil when there are none.
    mutating func takeBatch(limit: Int) -> Batch? {
        guard !groups.isEmpty else { return nil }
        var batch = Batch()
        var emptied = 0
        while emptied < groups.count, batch.events.count < limit {
            let start = batch.events.count
            batch.events += groups[emptied].events.prefix(limit - start)
            let end = batch.events.count
            groups[emptied].events.removeFirst(end - start)
            if let callback = groups[emptied].onAcknowledged {
                batch.callbacks.append((start..<end, callback))
            }
            if groups[emptied].events.isEmpty { emptied += 1 }
        }
        groups.removeFirst(emptied)
        return batch
    }
}
