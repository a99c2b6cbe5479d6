// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualTime

/// Sends events of the past again, oldest first, under the ids that they had.
///
/// The range is read in windows of time that widen where little happened and narrow where much
/// did, so that no statement reads far more than it answers.
package struct EventReplay: Sendable {
    /// How far a replay has come.
    package struct Progress: Sendable, Hashable {
        /// How many events the transport has accepted.
        package var sent: Int
        /// The release instant of the last one: where to go on after a failure.
        package var reached: WallInstant
    }
    /// The most events handed to the transport at once.
    static let batchSize = 500
    private static let windows: ClosedRange<Int64> = 1_000...86_400_000_000

    private let source: any ReplaySource
    private let transport: any Transport
    private let timer: any DelayedRunner
    private let rate: Int

    /// Creates a replay of at most `rate` events a second, from 1.
    package init(
        source: any ReplaySource,
        transport: any Transport,
        timer: any DelayedRunner,
        rate: Int
    ) {
        (self.source, self.transport, self.timer, self.rate) = (source, transport, timer, rate)
    }

    /// Sends what is selected.
    ///
    /// `report` is called after each batch.
    /// - Throws: what the source or the transport throws; what was reported has been sent.
    /// - Returns: how many events were sent.
    @discardableResult
    package func run(
        _ selection: ReplaySelection,
        report: (Progress) -> Void = { _ in }
    ) async throws -> Int {
        var part = selection
        var (window, cursor, sent): (Int64, EventCursor?, Int) = (60_000_000, nil, 0)
        let start = ContinuousClock.now
        let size = min(Self.batchSize, max(rate, 1))
        while part.from < selection.to, !Task.isCancelled {
            part.to = min(part.from.adding(microseconds: window), selection.to)
            let page = try await source.events(part, after: cursor, limit: size)
            if let last = page.last {
                try await transport.publish(page)
                sent += page.count
                cursor = last.cursor
                report(Progress(sent: sent, reached: last.timestamp))
                let due = Duration.seconds(Double(sent) / Double(max(rate, 1)))
                let pause = due - (ContinuousClock.now - start)
                if pause > .zero { await timer.pause(for: pause) }
            }
            if page.count == size, let last = page.last {
                part.from = last.timestamp
                window = max(window / 2, Self.windows.lowerBound)
            } else {
                (part.from, cursor) = (part.to, nil)
                window = min(window * 2, Self.windows.upperBound)
            }
        }
        return sent
    }
}
