// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualEngine
internal import PunctualLoop
internal import PunctualPostgres
internal import ServiceLifecycle

/// Tells the engine what others have changed in its shards, and wakes it when another one has given
/// shards back, so that nothing waits for a second.
struct ShardWakeUps: Service {
    private let listener: PostgresListener
    private let engine: ReminderEngine

    /// Makes a listener that connects when it runs.
    init(url: String, engine: ReminderEngine, loop: LoopExecutor, logger: Logger) {
        self.engine = engine
        listener = PostgresListener(
            configuration: PostgresPoolConfiguration(
                url: url,
                maximumConnections: 1,
                applicationName: "punctual shards"
            ),
            channels: ["punctual_shards", "punctual_hints"],
            loop: loop,
            logger: logger
        )
    }

    /// Passes wake-ups on until a graceful stop closes the listener.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await listener.run() }
            for await event in listener.events {
                if case .notification("punctual_hints", let line) = event {
                    engine.take(RemoteHints(line: line))
                } else {
                    engine.shardsFreed()
                }
            }
        }
    }
}
