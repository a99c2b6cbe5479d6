// SPDX-License-Identifier: Apache-2.0

internal import PunctualLoop
internal import ServiceLifecycle

/// Does something now and then, until a graceful stop.
struct Periodically: Service {
    /// How long after the start it is done for the first time.
    let first: Duration
    /// How often from then on; a turn that takes longer makes the next one late, never double.
    let interval: Duration
    /// Whose timer it is.
    let loop: LoopExecutor
    /// What is done; it reports its own failures.
    let body: @Sendable () async -> Void

    func run() async throws {
        let (ticks, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let timer = LoopTimer(loop: loop) { continuation.yield() }
        timer.start(after: first, every: interval)
        for await _ in ticks.cancelOnGracefulShutdown() { await body() }
        timer.close()
    }
}
