// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import PunctualCore
internal import Synchronization

/// What the brokers look like from this process: a detail of readiness, and metrics.
package final class KafkaStatus: Sendable {
    private let isAway = Atomic<Bool>(false)
    private let awayGauge = Gauge(label: "punctual_kafka_brokers_away")
    private let connectedGauge = Gauge(label: "punctual_kafka_brokers_connected")
    private let queueGauge = Gauge(label: "punctual_kafka_queue_messages")
    private let roundTripGauge = Gauge(label: "punctual_kafka_round_trip_seconds")

    /// Creates the status of a process that has not tried to connect yet.
    package init() { awayGauge.record(0) }

    /// Why nothing can be published just now; nil when all is well.
    package var problem: String? {
        isAway.load(ordering: .relaxed)
            ? "no broker of Kafka answers; events wait in the outbox" : nil
    }

    /// Says whether a broker answers.
    ///
    /// - Returns: whether that is news.
    func set(isAway: Bool) -> Bool {
        guard self.isAway.exchange(isAway, ordering: .relaxed) != isAway else { return false }
        awayGauge.record(isAway ? 1 : 0)
        return true
    }

    /// Takes a report of librdkafka (STATISTICS.md) into the metrics.
    func record(_ statistics: String) {
        // The library writes proper JSON; another text would only leave the gauges as they are.
        guard let value = try? JSONReader.read(Array(statistics.utf8)) else { return }
        queueGauge.record(value["msg_cnt"]?.double ?? 0)
        guard case .object(let brokers) = value["brokers"] else { return }
        let connected = brokers.filter {
            $0.value["state"] == .string("UP") && ($0.value["nodeid"]?.double ?? -1) >= 0
        }
        connectedGauge.record(connected.count)
        // A broker that nothing was asked of since the last report has none.
        let roundTrips = connected.compactMap { broker in
            broker.value["rtt"].flatMap { ($0["cnt"]?.double ?? 0) > 0 ? $0["avg"]?.double : nil }
        }
        if let longest = roundTrips.max() { roundTripGauge.record(longest / 1e6) }
    }
}

extension JSONValue {
    /// The value of a number.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
