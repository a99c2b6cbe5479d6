// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Metrics
package import PunctualLoop
internal import ServiceLifecycle

/// Writes messages, each until the broker has it or the message itself is at fault.
///
/// ```
/// send ─► backlog ─► produce ─► pending ─► report ─► done
///            ▲                     │
///            └── after a pause ◄───┘ timed out, or the client ended by a fatal error
/// ```
///
/// Everything that has not been reported is kept here. The library's fatal errors are routine: the
/// client is made anew, and what is unreported is sent again in its first order, so that a message
/// may be repeated but none is lost (librdkafka before 2.3 takes some disconnections for fatal,
/// #4438). So is, once, what the library calls delivered without an offset: it has then concluded
/// that a batch arrived because a later one did, which is right only if the broker checks every
/// sequence number. The backlog is bounded by those who wait for their messages.
package actor KafkaProducer: LoopActor {
    private struct Entry {
        let sequence: UInt
        let record: KafkaRecord
        let batch: Batch
        let index: Int
        /// Whether it is sent again because nobody saw where it went.
        var isRepeatedForProof = false
    }
    /// What one caller waits for; used on the loop alone.
    private final class Batch {
        var left: Int
        var outcomes: [KafkaError?]
        var continuation: CheckedContinuation<[KafkaError?], any Error>?

        init(count: Int) { (left, outcomes) = (count, Array(repeating: nil, count: count)) }
    }

    /// How long is waited after a failure; it doubles with each in a row up to the last.
    static let pauses: ClosedRange<Duration> = .milliseconds(50)...(.seconds(2))
    /// How long a stop waits for what is queued.
    static let flushLimit = Duration.seconds(2)

    /// The loop that watches the library's queue.
    package nonisolated let loop: LoopExecutor
    /// What the brokers look like.
    package nonisolated let status = KafkaStatus()

    private let properties: [KafkaProperty]
    private let logger: Logger
    private var client: KafkaClient?
    private var isStopped = false
    private var nextSequence: UInt = 1
    private var backlog: [Entry] = []
    private var pending: [UInt: Entry] = [:]
    private var batches: [UInt: Batch] = [:]
    private var failuresInARow = 0
    private var pauseTimer: LoopTimer?
    private let delivered = Counter(
        label: "punctual_kafka_messages_total",
        dimensions: [("result", "delivered")]
    )
    private let repeated = Counter(
        label: "punctual_kafka_messages_total",
        dimensions: [("result", "repeated")]
    )
    private let refused = Counter(
        label: "punctual_kafka_messages_total",
        dimensions: [("result", "refused")]
    )
    private let recreated = Counter(label: "punctual_kafka_producers_recreated_total")

    /// Makes a producer, and shows that the library accepts its properties; it connects when
    /// there is something to send or it is run.
    ///
    /// - Throws: ``KafkaError`` that names the property that is wrong.
    package init(_ settings: KafkaSettings, loop: LoopExecutor, logger: Logger) throws(KafkaError) {
        (self.loop, self.logger) = (loop, logger)
        properties = settings.producerProperties()
        let probe = try KafkaClient(.producer, properties: properties, loop: loop) { _ in }
        loop.perform { probe.close() }
    }

    /// Writes messages; returns when each is written or refused, in the same order: nil is written.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the producer stopped; the
    ///   messages may have been written or not.
    package func send(_ records: [KafkaRecord]) async throws -> [KafkaError?] {
        guard !records.isEmpty else { return [] }
        guard !isStopped else { throw CancellationError() }
        let id = nextSequence
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let batch = Batch(count: records.count)
                batch.continuation = continuation
                batches[id] = batch
                for (index, record) in records.enumerated() {
                    backlog.append(
                        Entry(sequence: nextSequence, record: record, batch: batch, index: index)
                    )
                    nextSequence += 1
                }
                // A task that was cancelled before has called its handler already.
                if Task.isCancelled { abandon(id) }
                pump()
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.abandon(id) } }
        }
    }

    /// Ends the client as a fatal error would; for tests.
    package func injectFatalError(code: Int32) { client?.injectFatalError(code: code) }
}

// MARK: - Sending

extension KafkaProducer {
    /// Hands over what the library has room for.
    private func pump() {
        guard pauseTimer == nil, !isStopped, !backlog.isEmpty else { return }
        guard let client = client ?? open() else { return }
        var count = 0
        for entry in backlog {
            // Nobody waits for it any more.
            guard entry.batch.continuation != nil else {
                count += 1
                continue
            }
            pending[entry.sequence] = entry
            if let error = client.produce(entry.record, sequence: entry.sequence) {
                pending[entry.sequence] = nil
                // The next report makes room.
                if error.isQueueFull { break }
                if error.isFatal { return replaceClient(error, dropping: count) }
                if !error.isPermanent {
                    backlog.removeFirst(count)
                    return rest(after: error)
                }
                finish(entry, error)
            }
            count += 1
        }
        backlog.removeFirst(count)
    }

    private func open() -> KafkaClient? {
        do {
            let fresh = try KafkaClient(
                .producer,
                properties: properties,
                topics: KafkaTopic.all.map(\.name),
                loop: loop
            ) { [weak self] event in
                self?.assumeIsolated { $0.received(event) }
            }
            client = fresh
            return fresh
        } catch {
            rest(after: error)
            return nil
        }
    }

    private func received(_ event: KafkaEvent) {
        switch event {
        case .reported(let reports):
            take(reports)
        case .failed(let error) where error.isFatal:
            replaceClient(error)
        case .failed(let error):
            if error.isOutage { setAway(true) }
            logger.debug("kafka reports a failure", metadata: [LogKeys.error: "\(error)"])
        case .statistics(let text):
            status.record(text)
        case .logged(let level, let text):
            logger.log(
                level: level <= 2 ? .error : .debug,
                "librdkafka",
                metadata: [LogKeys.text: "\(text)"]
            )
        case .received, .assigned, .revoked:
            break
        }
    }

    private func take(_ reports: [KafkaReport]) {
        var again: [Entry] = []
        var failure: KafkaError?
        for report in reports {
            guard var entry = pending.removeValue(forKey: report.sequence) else { continue }
            switch report.error {
            case nil where !report.isConfirmed && !entry.isRepeatedForProof:
                entry.isRepeatedForProof = true
                again.append(entry)
            case nil:
                failuresInARow = 0
                setAway(false)
                delivered.increment()
                finish(entry, nil)
            case let error? where error.isPermanent && !error.isFatal:
                refused.increment()
                finish(entry, error)
            case let error?:
                failure = error
                again.append(entry)
            }
        }
        repeated.increment(by: again.count)
        if !again.isEmpty { putBack(again) }
        guard let failure else { return pump() }
        if failure.isFatal { replaceClient(failure) } else { rest(after: failure) }
    }

    private func putBack(_ entries: [Entry]) {
        let live = entries.filter { $0.batch.continuation != nil }
        backlog = (live + backlog).sorted { $0.sequence < $1.sequence }
    }

    /// Ends the client that is of no use any more, and sends what it has not reported by a new one.
    private func replaceClient(_ error: KafkaError, dropping count: Int = 0) {
        logger.warning("the kafka producer is made anew", metadata: [LogKeys.error: "\(error)"])
        recreated.increment()
        backlog.removeFirst(count)
        client?.close()
        client = nil
        repeated.increment(by: pending.count)
        putBack(Array(pending.values))
        pending.removeAll()
        rest(after: error)
    }

    /// Sends nothing for a while, so that what fails at once is not tried all the time.
    private func rest(after error: KafkaError) {
        failuresInARow += 1
        if failuresInARow == 1 {
            logger.warning(
                "kafka did not take events; trying again",
                metadata: [LogKeys.error: "\(error)"]
            )
        }
        guard pauseTimer == nil else { return }
        let factor = 1 << min(failuresInARow - 1, 10)
        let pause = min(Self.pauses.lowerBound * factor, Self.pauses.upperBound)
        let timer = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { producer in
                producer.pauseTimer = nil
                producer.pump()
            }
        }
        pauseTimer = timer
        timer.start(after: pause)
    }

    private func setAway(_ isAway: Bool) {
        guard status.set(isAway: isAway) else { return }
        if isAway {
            logger.warning("no broker of kafka answers; events wait")
        } else {
            logger.notice("kafka answers again")
        }
    }

    private func finish(_ entry: Entry, _ error: KafkaError?) {
        let batch = entry.batch
        batch.outcomes[entry.index] = error
        batch.left -= 1
        guard batch.left == 0, let continuation = batch.continuation else { return }
        batch.continuation = nil
        batches[entry.sequence - UInt(entry.index)] = nil
        continuation.resume(returning: batch.outcomes)
    }

    /// Lets a caller go who does not want to wait any longer.
    private func abandon(_ id: UInt) {
        guard let batch = batches.removeValue(forKey: id), let continuation = batch.continuation
        else { return }
        batch.continuation = nil
        continuation.resume(throwing: CancellationError())
    }
}

// MARK: - The service

extension KafkaProducer: Service {
    /// Connects, and ends at a graceful stop when what is queued is written or time is up.
    package func run() async throws {
        if client == nil { _ = open() }
        // Only a cancellation throws here, and the answer to it is the same: stop.
        try? await gracefulShutdown()
        stop()
    }

    /// Stops; whoever still waits is let go.
    package func stop() {
        isStopped = true
        pauseTimer = nil
        client?.close(flushing: Self.flushLimit)
        client = nil
        for id in Array(batches.keys) { abandon(id) }
    }
}
