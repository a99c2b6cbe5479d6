// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualLoop
internal import PunctualPostgres
internal import PunctualStore
internal import ServiceLifecycle

/// The connections of a server, apart by duty, so that none waits behind the other's.
struct DatabasePools {
    /// For the API: changes and reads of tasks.
    let requests: PostgresPool
    /// For lists and searches, each planned for its own values.
    let search: PostgresPool
    /// For staging, acknowledging and delivering.
    let engine: PostgresPool
    /// One connection, so that a renewal never waits behind a stage.
    let leases: PostgresPool

    /// Makes pools that have not opened anything yet.
    init(url: String, loop: LoopExecutor, logger: Logger) {
        func pool(
            _ duty: String,
            _ connections: Int,
            _ kind: (String, Int, String) -> PostgresPoolConfiguration =
                PostgresPoolConfiguration.store
        ) -> PostgresPool {
            PostgresPool(
                configuration: kind(url, connections, "punctual \(duty)"),
                loop: loop,
                logger: logger
            )
        }
        requests = pool("requests", 4)
        search = pool("search", 2, PostgresPoolConfiguration.search)
        engine = pool("engine", 4)
        leases = pool("leases", 1)
    }

    /// What has to run before any of them is used by others.
    var services: [any Service] { [requests, search, engine, leases] }
}
