// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualCore
internal import PunctualLoop

extension KafkaConsumer {
    /// Sees every message of a batch handled or buried, unless the consumer stops or loses its
    /// partitions first; then somebody is given the rest again.
    func handle(_ batch: [KafkaMessage]) async {
        var rest = (await Self.read(batch, shards))[...]
        var attempts = 0
        while let first = rest.first, !isStopping || attempts == 0, !isRevoking || attempts == 0 {
            do {
                if case .failure(let problem) = first.event {
                    try await bury(first.message, "\(problem.detail)", attempts: 1)
                    finish(&rest, through: rest.startIndex)
                    continue
                }
                let readable = rest.prefix { if case .success = $0.event { true } else { false } }
                attempts += 1
                try await Self.give(readable.compactMap { try? $0.event.get() }, to: handler)
                finish(&rest, through: readable.endIndex - 1)
                attempts = 0
            } catch let poison as PoisonEvent {
                let culprit = rest.firstIndex { (try? $0.event.get().id) == poison.id }
                guard let culprit else {
                    await self.rest(after: poison, attempts)
                    continue
                }
                do {
                    try await bury(rest[culprit].message, poison.reason, attempts: attempts)
                } catch { return }
                finish(&rest, through: culprit)
                attempts = 0
            } catch is CancellationError {
                return
            } catch {
                await self.rest(after: error, attempts)
            }
        }
    }

    private struct Received: Sendable {
        let message: KafkaMessage
        let event: Result<ReleasedEvent, Problem>
    }

    /// Reads messages; not on the loop, which has better things to do than to parse.
    @concurrent private static func read(
        _ batch: [KafkaMessage],
        _ shards: ShardMap
    ) async -> [Received] {
        batch.map { message in
            Received(
                message: message,
                event: Result { () throws(Problem) in
                    guard let value = message.value else {
                        throw Problem(.invalid, "the message has no value")
                    }
                    return try CloudEvent.read(value, shards: shards)
                }
            )
        }
    }

    @concurrent private static func give(
        _ events: [ReleasedEvent],
        to handler: any EventHandler
    ) async throws {
        try await handler.handle(events)
    }

    private func bury(_ message: KafkaMessage, _ reason: String, attempts: Int) async throws {
        try await deadLetters.bury(
            KafkaRecord(
                topic: message.place.partition.topic,
                key: message.key,
                value: message.value
            ),
            reason: reason,
            attempts: attempts,
            origin: message.place
        )
    }

    /// Takes the messages up to `last` off `rest`, and says that they are done with.
    private func finish(_ rest: inout ArraySlice<Received>, through last: Int) {
        var next: [KafkaPartition: Int64] = [:]
        for received in rest[...last] {
            next[received.message.place.partition] = received.message.place.offset + 1
        }
        rest = rest[(last + 1)...]
        store(next)
    }

    private func rest(after error: any Error, _ attempts: Int) async {
        logger.log(
            level: attempts == 1 ? .error : .debug,
            "a consumer failed; trying again",
            metadata: [LogKeys.error: "\(error)", LogKeys.attempts: "\(attempts)"]
        )
        let factor = 1 << min(max(attempts, 1) - 1, 10)
        await pause(for: min(Self.pauses.lowerBound * factor, Self.pauses.upperBound))
    }

    private func pause(for duration: Duration) async {
        var timer: LoopTimer?
        await withCheckedContinuation { continuation in
            timer = LoopTimer(loop: loop) { continuation.resume() }
            timer?.start(after: duration)
        }
        timer?.close()
    }
}
