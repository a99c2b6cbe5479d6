// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import PunctualCore
internal import PunctualStore
internal import PunctualTime
internal import Synchronization

/// Gauges of the whole database, which nobody measures until somebody asks.
///
/// Every process shows the same: do not add them up.
final class DatabaseGauges: Sendable {
    /// The least time between two looks; whoever asks in between sees the last one.
    private static let interval = Duration.seconds(3)

    fileprivate struct State {
        var sampledAt: ContinuousClock.Instant?
        var owners: [Int16: (engine: Int32, gauge: Gauge)] = [:]
    }
    private let state = Mutex(State())
    private let operations: PostgresOperations
    private let armed = Gauge(label: "punctual_armed")
    private let nextDue = Gauge(label: "punctual_next_due_timestamp_seconds")
    private let outboxDepth = Gauge(label: "punctual_outbox_depth")

    /// Makes gauges that show nothing yet.
    init(operations: PostgresOperations) { self.operations = operations }

    /// Looks, unless somebody has just done so.
    func sample() async {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.sampledAt, now - last < Self.interval { return false }
            state.sampledAt = now
            return true
        }
        // What cannot be looked at stays as it was; readiness says that the database is away.
        guard isDue, let sample = try? await operations.sample() else { return }
        armed.record(sample.armed)
        nextDue.record(sample.nextDue.map { Double($0.microsecondsSinceEpoch) / 1e6 } ?? 0)
        outboxDepth.record(sample.outboxDepth)
        state.withLock { $0.show(sample.owners) }
    }
}

extension DatabaseGauges.State {
    /// One series for each shard that has an owner, and none for former ones.
    fileprivate mutating func show(_ current: [Int16: Int32?]) {
        for (shard, known) in owners where current[shard] != .some(known.engine) {
            known.gauge.destroy()
            owners[shard] = nil
        }
        for case (let shard, let engine?) in current where owners[shard] == nil {
            let gauge = Gauge(
                label: "punctual_shard_owner",
                dimensions: [("shard", "\(shard)"), ("owner", "engine \(engine)")]
            )
            gauge.record(1)
            owners[shard] = (engine, gauge)
        }
    }
}
