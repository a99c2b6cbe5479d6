// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualDapr
internal import PunctualEngine
internal import PunctualLoop
internal import PunctualStore
internal import PunctualZoneInfo
internal import ServiceLifecycle
internal import Synchronization

/// What a process does now and then beside its duties.
enum Housekeeping {
    /// Asks the sidecar how it is, so that one that is away is seen before something is asked of it.
    static func sidecar(_ sidecar: DaprSidecar, loop: LoopExecutor) -> Periodically {
        Periodically(first: .seconds(1), interval: .seconds(3), loop: loop) {
            await sidecar.check()
        }
    }

    /// Notices a new tzdata package, and has the instants of tasks in local time derived anew.
    static func zones(
        _ zones: SystemZones,
        engine: ReminderEngine,
        loop: LoopExecutor
    ) -> Periodically {
        // It may have been installed while nothing ran, so that the first look counts as a change.
        let hasChanged = Mutex(true)
        // The first look gives the engine time to acquire its shards.
        return Periodically(first: .seconds(5), interval: .seconds(60), loop: loop) {
            let hasReloaded = zones.reloadIfChanged()
            guard hasChanged.withLock({ $0 }) || hasReloaded else { return }
            hasChanged.withLock { $0 = engine.status.shards == 0 }
            await engine.deriveAnew()
        }
    }

    /// Makes partitions of `event_log` ahead and drops those past the retention.
    static func retention(
        days: Int,
        store: PostgresEventStore,
        loop: LoopExecutor,
        logger: Logger
    ) -> Periodically {
        Periodically(first: .seconds(10), interval: .seconds(3_600), loop: loop) {
            do {
                try await store.maintain(retention: .seconds(86_400 * days))
            } catch {
                logger.warning(
                    "housekeeping failed; trying again in an hour",
                    metadata: ["error": "\(error)"]
                )
            }
        }
    }
}
