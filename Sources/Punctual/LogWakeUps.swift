// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualDelivery
internal import PunctualLoop
internal import PunctualPostgres
internal import ServiceLifecycle

/// Wakes the readers of `event_log` when another process says that it has written to it.
///
/// Engines say so only while they see a session of this name, so that nobody notifies himself.
struct LogWakeUps: Service {
    private let listener: PostgresListener
    private let readers: [LogReader]

    /// Makes a listener that connects when it runs.
    init(url: String, readers: [LogReader], loop: LoopExecutor, logger: Logger) {
        self.readers = readers
        listener = PostgresListener(
            configuration: PostgresPoolConfiguration(
                url: url,
                maximumConnections: 1,
                applicationName: "punctual listener"
            ),
            channels: ["punctual_log"],
            loop: loop,
            logger: logger
        )
    }

    /// Passes wake-ups on until a graceful stop closes the listener.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await listener.run() }
            for await _ in listener.events {
                for reader in readers { reader.wake() }
            }
        }
    }
}
