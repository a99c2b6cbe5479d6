// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// What an engine that runs for one sweep has done, and who waits for its end.
struct SweepProgress {
    /// What it has done so far.
    private(set) var report = SweepReport()
    /// Why it found out nothing: the database did not answer the first question.
    private var failure: (any Error)?
    private var waiter: CheckedContinuation<Void, Never>?
    private(set) var hasEnded = false

    /// Counts events that are released.
    mutating func released(_ events: [ReleasedEvent]) {
        for event in events {
            switch event.type {
            case .reminderDue, .jobDue: report.fired += 1
            case .skipped, .coalesced: report.passedOver += 1
            default: break
            }
        }
    }

    /// Counts shards that are taken.
    mutating func acquired(_ shards: Int) { report.shards += shards }

    /// Counts what a former owner left.
    mutating func recovered(_ events: Int) { report.recovered += events }

    /// Counts a successor that was created.
    mutating func rolledOver() { report.rolledOver += 1 }

    /// Notes that no shard could be asked for.
    mutating func failed(_ error: any Error) { failure = failure ?? error }

    /// Lets whoever waits go on; what is not done then is left to others.
    mutating func end(isComplete: Bool) {
        guard !hasEnded else { return }
        hasEnded = true
        report.isComplete = isComplete && failure == nil
        waiter?.resume()
        waiter = nil
    }

    /// Keeps whoever waits, or lets it go on at once when the end has come.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) {
        if hasEnded { continuation.resume() } else { waiter = continuation }
    }

    /// What was done.
    ///
    /// - Throws: what kept the sweep from doing anything.
    func result() throws -> SweepReport {
        if let failure, report.shards == 0 { throw failure }
        return report
    }
}
