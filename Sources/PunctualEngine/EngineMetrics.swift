// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import PunctualCore
internal import PunctualTime

/// The engine's metrics; the handles are made once.
struct EngineMetrics: Sendable {
    private let lateness = Recorder(label: "punctual_release_lateness_seconds")
    private let released = Counter(label: "punctual_released_total")
    private let stageTime = Recorder(label: "punctual_stage_seconds")
    private let stagedTotal = Counter(label: "punctual_staged_total")
    private let staged = Gauge(label: "punctual_staged")
    private let unacknowledged = Gauge(label: "punctual_unacknowledged")
    private let shards = Gauge(label: "punctual_shards_owned")
    private let overdue = Gauge(label: "punctual_oldest_overdue_seconds")
    private let clockOffset = Gauge(label: "punctual_clock_offset_seconds")
    private let loopLag = Gauge(label: "punctual_loop_lag_seconds")

    func record(released events: [ReleasedEvent]) {
        released.increment(by: events.count)
        for event in events where event.type == .reminderDue {
            let microseconds =
                event.timestamp.microsecondsSinceEpoch - event.due.microsecondsSinceEpoch
            lateness.record(Double(microseconds) / 1e6)
        }
    }

    func record(stageNanoseconds: Int64, events: Int) {
        stageTime.record(Double(stageNanoseconds) / 1e9)
        stagedTotal.increment(by: events)
    }

    func record(clockOffsetMicroseconds: Int64) {
        clockOffset.record(Double(clockOffsetMicroseconds) / 1e6)
    }

    func record(_ status: EngineStatus, longestTurnNanoseconds: UInt64) {
        staged.record(status.staged)
        unacknowledged.record(status.unacknowledged)
        shards.record(status.shards)
        overdue.record(Double(status.oldestOverdueMicroseconds) / 1e6)
        loopLag.record(Double(longestTurnNanoseconds) / 1e9)
    }
}
