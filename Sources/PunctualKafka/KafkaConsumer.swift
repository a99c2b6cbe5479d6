// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import Metrics
package import PunctualCore
package import PunctualLoop
internal import ServiceLifecycle

/// Gives one handler the events of its topics, each at least once.
///
/// ```
/// fetch ─► buffer ─► handle, one batch at a time ─► store offset + 1 ─► committed by the library
///            │ full: the partitions are paused, and the group is not left
/// ```
///
/// An offset is stored when the handler has returned, so that a crash repeats messages and misses
/// none. What can never be handled goes to the dead letters and the partition goes on; whatever
/// else fails is tried again until it succeeds, because it is the handler's database that is away.
package actor KafkaConsumer: LoopActor {
    /// Who reads.
    package enum Group: Sendable, Hashable {
        /// All processes with the handler share the work, and go on where they left off.
        case shared
        /// A group of this process alone, which starts shortly before the end and leaves nothing
        /// behind.
        case ephemeral(id: String)
    }

    /// How many messages before the end of each partition an ephemeral group starts: what was
    /// released while it joined, which takes seconds, is among them.
    static let ephemeralTail: Int64 = 20_000
    /// The most messages given to the handler at once.
    static let maximumBatch = 500
    /// How many buffered messages pause the fetching, and how few let it go on.
    static let bufferMarks = (high: 2_000, low: 500)
    /// How long a partition that is taken away waits for the batch under way.
    static let revocationLimit = Duration.seconds(5)
    /// How long leaving the group may take.
    static let leaveLimit = Duration.seconds(5)
    /// How long is waited after a failure; it doubles with each in a row up to the last.
    static let pauses: ClosedRange<Duration> = .milliseconds(100)...(.seconds(5))

    /// The loop that watches the library's queue.
    package nonisolated let loop: LoopExecutor

    let handler: any EventHandler
    let deadLetters: DeadLetters
    let shards: ShardMap
    let logger: Logger
    private let properties: [KafkaProperty]
    private let tail: Int64?
    var client: KafkaClient?
    private var assigned: [KafkaPartition] = []
    private var buffer: [KafkaMessage] = []
    /// The next offset of each partition; librdkafka may repeat messages after a pause (#4208).
    private var expected: [KafkaPartition: Int64] = [:]
    /// The offset up to which each partition is done with, once something of it was fetched.
    private var handled: [KafkaPartition: Int64] = [:]
    private var isPaused = false
    private var isHandling = false
    private(set) var isRevoking = false
    private(set) var isStopping = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var leaver: CheckedContinuation<Void, Never>?
    private var timer: LoopTimer?
    private let lagGauge: Gauge

    /// Makes a consumer, and shows that the library accepts its properties.
    ///
    /// - Throws: ``KafkaError`` that names the property that is wrong.
    package init(
        _ handler: any EventHandler,
        group: Group = .shared,
        settings: KafkaSettings,
        producer: KafkaProducer,
        shards: ShardMap,
        loop: LoopExecutor,
        logger: Logger
    ) throws(KafkaError) {
        (self.handler, self.shards, self.loop) = (handler, shards, loop)
        var named = logger
        named[metadataKey: LogKeys.consumer] = "\(handler.name)"
        self.logger = named
        deadLetters = DeadLetters(producer, logger: named)
        lagGauge = Gauge(
            label: "punctual_kafka_consumer_lag_messages",
            dimensions: [("consumer", handler.name)]
        )
        switch group {
        case .shared:
            tail = nil
            properties = settings.consumerProperties(
                group: "punctual-\(handler.name)",
                isEphemeral: false
            )
        case .ephemeral(let id):
            tail = Self.ephemeralTail
            properties = settings.consumerProperties(
                group: "punctual-\(handler.name)-\(id)",
                isEphemeral: true
            )
        }
        let probe = try KafkaClient(.consumer, properties: properties, loop: loop) { _ in }
        loop.perform { probe.close() }
    }

    private func received(_ event: KafkaEvent) {
        switch event {
        case .received(let message):
            take(message)
        case .assigned(let partitions):
            (assigned, isPaused) = (partitions, false)
            expected.removeAll()
            handled.removeAll()
            if let error = client?.assign(partitions, tail: tail) { log(error) }
        case .revoked:
            revoke()
        case .failed(let error):
            log(error)
        case .statistics(let text):
            record(text)
        case .logged(let level, let text):
            logger.log(
                level: level <= 2 ? .error : .debug,
                "librdkafka",
                metadata: [LogKeys.text: "\(text)"]
            )
        case .reported:
            break
        }
        checkDeparture()
    }

    private func log(_ error: KafkaError) {
        logger.log(
            level: error.isFatal ? .error : .debug,
            "kafka reports a failure",
            metadata: [LogKeys.error: "\(error)"]
        )
    }

    private func record(_ statistics: String) {
        // The library writes proper JSON; another text would only leave the gauge as it is.
        guard let value = try? JSONReader.read(Array(statistics.utf8)) else { return }
        // The library's own count knows only what was committed: of a group that never has
        // committed anything it knows nothing.
        lagGauge.record(
            assigned.reduce(0) { lag, partition in
                let counts = value["topics"]?[partition.topic]?["partitions"]?[
                    "\(partition.number)"
                ]
                guard let done = handled[partition], let end = counts?["hi_offset"]?.double else {
                    return lag + max(counts?["consumer_lag"]?.double ?? 0, 0)
                }
                return lag + max(end - Double(done), 0)
            }
        )
    }
}

// MARK: - The buffer

extension KafkaConsumer {
    private func take(_ message: KafkaMessage) {
        let place = message.place
        guard !isRevoking, !isStopping, place.offset >= expected[place.partition] ?? 0 else {
            return
        }
        expected[place.partition] = place.offset + 1
        if handled[place.partition] == nil { handled[place.partition] = place.offset }
        buffer.append(message)
        if buffer.count >= Self.bufferMarks.high && !isPaused {
            isPaused = true
            client?.setPaused(true, assigned)
        }
        wakeWorker()
    }

    /// Says that everything before these offsets is done with.
    func store(_ next: [KafkaPartition: Int64]) {
        for (partition, offset) in next where handled[partition] != nil {
            handled[partition] = offset
        }
        client?.store(next)
    }

    private func wakeWorker() {
        waiter?.resume()
        waiter = nil
    }

    /// Waits for messages; nil when the consumer stops.
    private func nextBatch() async -> [KafkaMessage]? {
        while buffer.isEmpty && !isStopping && !Task.isCancelled {
            await withCheckedContinuation { waiter = $0 }
        }
        guard !isStopping, !Task.isCancelled else { return nil }
        let batch = Array(buffer.prefix(Self.maximumBatch))
        buffer.removeFirst(batch.count)
        if isPaused && buffer.count <= Self.bufferMarks.low {
            isPaused = false
            client?.setPaused(false, assigned)
        }
        return batch
    }

    /// Gives up the partitions, after the batch under way if that does not take too long.
    private func revoke() {
        buffer.removeAll()
        isRevoking = true
        guard isHandling else { return finishRevocation() }
        let timer = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.finishRevocation() }
        }
        self.timer = timer
        timer.start(after: Self.revocationLimit)
    }

    private func finishRevocation() {
        guard isRevoking else { return }
        (isRevoking, timer) = (false, nil)
        assigned.removeAll()
        client?.unassign()
    }
}

// MARK: - The service

extension KafkaConsumer: Service {
    /// Consumes until a graceful stop, and leaves the group.
    package func run() async throws {
        let client = try KafkaClient(.consumer, properties: properties, loop: loop) {
            [weak self] event in
            self?.assumeIsolated { $0.received(event) }
        }
        self.client = client
        if let error = client.subscribe(handler.topics.map(\.rawValue)) { throw error }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                while let batch = await nextBatch() {
                    isHandling = true
                    await handle(batch)
                    isHandling = false
                    finishRevocation()
                }
            } onGracefulShutdown: {
                self.loop.perform { self.assumeIsolated { $0.beginStopping() } }
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.beginStopping() } }
        }
        await leave(client)
    }

    private func beginStopping() {
        isStopping = true
        buffer.removeAll()
        wakeWorker()
    }

    /// Commits what is stored and leaves the group, in ``leaveLimit`` at most: librdkafka before
    /// 2.1 may never come to an end (#4187).
    private func leave(_ client: KafkaClient) async {
        client.leave()
        let limit = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.depart() }
        }
        limit.start(after: Self.leaveLimit)
        let look = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.checkDeparture() }
        }
        look.start(after: .milliseconds(20), every: .milliseconds(20))
        await withCheckedContinuation { leaver = $0 }
        limit.close()
        look.close()
        client.close()
        self.client = nil
    }

    private func checkDeparture() {
        if leaver != nil, client?.hasLeft != false { depart() }
    }

    private func depart() {
        leaver?.resume()
        leaver = nil
    }
}
