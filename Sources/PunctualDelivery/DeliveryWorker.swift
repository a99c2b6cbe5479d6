// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualCore
internal import PunctualTime
internal import ServiceLifecycle

/// Delivers to external channels what waits in `deliveries`.
///
/// Each channel has a courier of its own, with its own bounds and its own claims, so that a channel
/// that is down delays no other. Several processes may run a worker: what one has claimed, the
/// others leave alone until the lease ends.
package final class DeliveryWorker: Service {
    private let couriers: [Courier]

    /// Creates a worker; it delivers nothing until it is run.
    ///
    /// It looks at least every `pollInterval`, for what another process has put there.
    package init(
        store: any DeliveryStore,
        channels: [DeliveryChannel],
        clock: @escaping WallClock,
        timer: any DelayedRunner,
        pollInterval: Duration = .seconds(10),
        logger: Logger
    ) {
        couriers = channels.map {
            Courier(
                channel: $0,
                store: store,
                clock: clock,
                timer: timer,
                pollInterval: pollInterval,
                logger: logger
            )
        }
    }

    /// Says that there may be something to deliver.
    package func wake() {
        for courier in couriers { courier.wake() }
    }

    /// Delivers until a graceful stop; attempts that are under way are then finished.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for courier in couriers { group.addTask { await courier.run() } }
            }
        } onGracefulShutdown: {
            for courier in self.couriers { courier.stop() }
        }
    }
}
