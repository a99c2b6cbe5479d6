// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Metrics
internal import PunctualCore
internal import PunctualTime
internal import Synchronization

/// Delivers what waits for one channel.
///
/// It claims as much as it has room for, and again when an attempt ends, when it is woken, and when
/// the next delivery is due.
final class Courier: Sendable {
    /// Longer than any attempt takes; until then nobody else may claim the same delivery.
    static let lease = Duration.seconds(60)

    private let channel: DeliveryChannel
    private let store: any DeliveryStore
    private let clock: WallClock
    private let timer: any DelayedRunner
    private let pollInterval: Duration
    private let logger: Logger
    private let metrics: DeliveryMetrics
    private let signal = Signal()
    private let isStopping = Atomic<Bool>(false)
    /// How many attempts are under way to each target.
    private let running = Mutex<[String: Int]>([:])

    init(
        channel: DeliveryChannel,
        store: any DeliveryStore,
        clock: @escaping WallClock,
        timer: any DelayedRunner,
        pollInterval: Duration,
        logger: Logger
    ) {
        (self.channel, self.store, self.clock) = (channel, store, clock)
        (self.timer, self.pollInterval) = (timer, pollInterval)
        var logger = logger
        logger[metadataKey: LogKeys.channel] = "\(channel.name)"
        self.logger = logger
        metrics = DeliveryMetrics(channel: channel.name)
    }

    func wake() { signal.signal() }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            var failures = 0
            while !Task.isCancelled, !isStopping.load(ordering: .acquiring) {
                var pause = pollInterval
                do {
                    let claimed = try await claim()
                    failures = 0
                    for delivery in claimed.deliveries {
                        begin(delivery)
                        group.addTask {
                            await self.attempt(delivery)
                            self.end(delivery)
                        }
                    }
                    pause = min(pause, max(.zero, claimed.nextAttempt ?? pause))
                } catch {
                    failures += 1
                    report(
                        error,
                        "claiming deliveries failed; trying again",
                        isFirst: failures == 1
                    )
                    pause = RetryPolicy.outage.delay(afterAttempt: failures)
                }
                await signal.wait(atMost: pause, on: timer)
            }
        }
        await channel.sink.close()
    }

    private func claim() async throws -> ClaimedDeliveries {
        let running = running.withLock { $0 }
        let room = channel.concurrency - running.values.reduce(0, +)
        guard room > 0 else { return ClaimedDeliveries(deliveries: [], nextAttempt: nil) }
        var claim = DeliveryClaim(
            channel: channel.name,
            limit: room,
            limitPerTarget: channel.concurrencyPerTarget,
            running: running,
            lease: Self.lease
        )
        claim.isInOrder = channel.isInOrder
        return try await store.claim(claim)
    }

    private func begin(_ delivery: Delivery) {
        running.withLock { $0[delivery.key.target, default: 0] += 1 }
    }

    private func end(_ delivery: Delivery) {
        running.withLock { running in
            let left = running[delivery.key.target, default: 1] - 1
            running[delivery.key.target] = left > 0 ? left : nil
        }
        signal.signal()
    }

    /// Makes one attempt and records how it ended; if that fails, the lease brings it back.
    private func attempt(_ delivery: Delivery) async {
        do {
            guard let json = delivery.json else {
                // The event is older than the retention: there is nothing left to be sent.
                return try await store.succeed(delivery)
            }
            do {
                try await channel.sink.deliver(delivery, json: json)
            } catch {
                return try await record(error, of: delivery)
            }
            let microseconds =
                clock().microsecondsSinceEpoch - delivery.timestamp.microsecondsSinceEpoch
            metrics.delivered(after: .microseconds(max(0, microseconds)))
            try await store.succeed(delivery)
        } catch {
            report(error, "recording a delivery failed; it will be repeated", isFirst: true)
        }
    }

    private func record(_ failure: DeliveryFailure, of delivery: Delivery) async throws {
        guard !failure.isPermanent, delivery.attempts < channel.retry.maximumAttempts else {
            metrics.buried()
            logger.warning(
                "delivery given up; it is a dead letter now",
                metadata: [
                    LogKeys.eventID: "\(delivery.key.eventID)",
                    LogKeys.attempts: "\(delivery.attempts)", LogKeys.error: "\(failure.reason)",
                ]
            )
            return try await store.bury(delivery, error: failure.reason)
        }
        metrics.failed()
        let delay = channel.retry.delay(
            afterAttempt: delivery.attempts,
            requested: failure.retryAfter
        )
        try await store.fail(delivery, error: failure.reason, retryAfter: delay)
    }

    private func report(_ error: any Error, _ message: Logger.Message, isFirst: Bool) {
        logger.log(
            level: isFirst ? .error : .debug,
            message,
            metadata: [LogKeys.error: "\(error)"]
        )
    }
}
