// SPDX-License-Identifier: Apache-2.0

internal import Metrics

/// The handles under which one channel is measured.
struct DeliveryMetrics: Sendable {
    private let deliveredCounter: Counter
    private let failedCounter: Counter
    private let buriedCounter: Counter
    private let deadLetters: Counter
    private let latency: Metrics.Timer

    init(channel: String) {
        let counter = { (outcome: String) in
            Counter(
                label: "punctual_deliveries_total",
                dimensions: [("channel", channel), ("outcome", outcome)]
            )
        }
        deliveredCounter = counter("delivered")
        failedCounter = counter("failed")
        buriedCounter = counter("dead")
        deadLetters = Counter(
            label: "punctual_dead_letters_total",
            dimensions: [("channel", channel)]
        )
        latency = Metrics.Timer(
            label: "punctual_delivery_latency_seconds",
            dimensions: [("channel", channel)]
        )
    }

    /// An attempt succeeded, so long after the release of the event.
    func delivered(after latency: Duration) {
        deliveredCounter.increment()
        self.latency.record(duration: latency)
    }

    /// An attempt failed and will be repeated.
    func failed() { failedCounter.increment() }

    /// An attempt failed for good.
    func buried() {
        buriedCounter.increment()
        deadLetters.increment()
    }
}
