// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Metrics
package import PunctualCore
internal import ServiceLifecycle

/// Measures, now and then, how many deliveries wait and how many were given up.
package final class DepthReporter: Service {
    /// How long it is from one count to the next.
    static let interval = Duration.seconds(15)
    /// Of each kind no more are counted, so that counting costs little however many there are.
    static let limit = 100_000

    private let store: any DeliveryStore
    private let channels: [String]
    private let timer: any DelayedRunner
    private let logger: Logger

    /// Creates a reporter of these channels; it counts nothing until it is run.
    package init(
        store: any DeliveryStore,
        channels: [String],
        timer: any DelayedRunner,
        logger: Logger
    ) {
        (self.store, self.channels) = (store, channels)
        (self.timer, self.logger) = (timer, logger)
    }

    /// Counts until a graceful stop.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.report()
                await self.timer.pause(for: Self.interval)
            }
        }
    }

    private func report() async {
        do {
            let depths = try await store.depths(limit: Self.limit)
            for channel in Set(channels).union(depths.map(\.channel)) {
                let depth = depths.first { $0.channel == channel }
                let dimensions = [("channel", channel)]
                Gauge(label: "punctual_deliveries_waiting", dimensions: dimensions)
                    .record(depth?.waiting ?? 0)
                Gauge(label: "punctual_dead_letters", dimensions: dimensions)
                    .record(depth?.dead ?? 0)
            }
        } catch {
            logger.debug("counting deliveries failed", metadata: [LogKeys.error: "\(error)"])
        }
    }
}
