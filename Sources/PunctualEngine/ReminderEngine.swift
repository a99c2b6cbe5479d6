// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PunctualCore
package import PunctualLoop
package import PunctualTime
internal import ServiceLifecycle
internal import Synchronization

/// The engine: it performs what ``EngineStateMachine`` decides, on the loop's thread.
///
/// The wall timer's callback re-enters it without a hop, and hands what is due to the transport in
/// the same turn; everything that waits for the database is a task that comes back with an input.
package actor ReminderEngine: LoopActor {
    package nonisolated let loop: LoopExecutor
    private let store: any ReminderStore
    private let releaser: any EventReleaser
    private let keeper: any SeriesKeeper
    private let configuration: EngineConfiguration
    private let logger: Logger
    private let metrics = EngineMetrics()
    private nonisolated let inbox = HintInbox()
    private nonisolated let snapshot = Mutex(EngineStatus())

    private var machine: EngineStateMachine
    private var wallTimer: WallTimer?
    private var renewalTimer: LoopTimer?
    private var leases: Set<ShardLease> = [] {
        didSet { owned.withLock { $0 = Set(leases.map(\.shard)) } }
    }
    private nonisolated let owned = Mutex<Set<Int16>>([])
    private var isStopping = false
    private nonisolated let handedOver = AsyncStream<Void>.makeStream()
    private var isClosed = false
    private var hasTickPending = false
    private var failures = OutageLog()
    /// What this engine has done, when it runs for one sweep and not for good.
    private var progress: SweepProgress?

    /// Creates an engine that owns nothing until it runs.
    package init(
        store: any ReminderStore,
        releaser: any EventReleaser,
        keeper: any SeriesKeeper,
        loop: LoopExecutor,
        shardCount: Int,
        configuration: EngineConfiguration,
        logger: Logger
    ) {
        (self.store, self.releaser, self.keeper) = (store, releaser, keeper)
        (self.loop, self.configuration, self.logger) = (loop, configuration, logger)
        machine = EngineStateMachine(
            configuration: configuration,
            shardCount: shardCount,
            now: .now
        )
    }

    /// How long a graceful stop waits for the acknowledgement of what is released.
    private static let maximumHandOver = Duration.seconds(5)
    /// How far the host's clock may be from the database's before the engine is not ready.
    package static let maximumClockOffset = Duration.milliseconds(100)

    /// What there is to say of the engine, as of its last second.
    package nonisolated var status: EngineStatus {
        var status = snapshot.withLock { $0 }
        let offset = Duration.microseconds(status.clockOffsetMicroseconds)
        if offset.magnitude > Self.maximumClockOffset {
            status.unreadyReason =
                "the host's clock is \(offset) from the database's; synchronise both by NTP"
        }
        return status
    }

    private func begin() throws {
        wallTimer = try WallTimer(loop: loop) { [weak self] event in
            self?.assumeIsolated { $0.take(event == .clockStepped ? .clockStepped : .ticked) }
        }
        let timer = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.secondPassed() }
        }
        renewalTimer = timer
        timer.start(after: .seconds(1), every: .seconds(1))
        take(.started)
    }

    private func secondPassed() {
        take(.renewalDue)
        guard progress == nil else { return }
        let status = machine.status(at: .now)
        snapshot.withLock { snapshot in
            let offset = snapshot.clockOffsetMicroseconds
            snapshot = status
            snapshot.clockOffsetMicroseconds = offset
        }
        metrics.record(status, longestTurnNanoseconds: loop.takeLongestTurnNanoseconds())
    }

    /// Gives one input to the machine and performs what it decides.
    private func take(_ input: EngineStateMachine.Input) {
        guard !isClosed else { return }
        for action in machine.handle(input, at: .now) { perform(action) }
        if progress != nil, machine.hasCaughtUp(at: .now) { progress?.end(isComplete: true) }
    }

    private func perform(_ action: EngineStateMachine.Action) {
        switch action {
        case .arm(let instant):
            if let instant {
                wallTimer?.arm(microsecondsSinceEpoch: instant.microsecondsSinceEpoch)
            } else {
                wallTimer?.disarm()
            }
        case .release(let events): release(events)
        case .tickSoon: tickSoon()
        case .acquire: Task { await acquire() }
        case .giveBack(let leases): Task { await giveBack(leases) }
        case .renew(let ranges): Task { await renew(ranges) }
        case .stage(let request): Task { await stage(request) }
        case .recover(let leases, let key): Task { await recover(leases, after: key) }
        case .readBack(let keys): Task { await readBack(keys) }
        case .rollOver(let event): Task { await rollOver(event) }
        }
    }

    private func release(_ events: [ReleasedEvent]) {
        releaser.release(events) { [self, loop] keys in
            loop.perform { [self] in assumeIsolated { $0.take(.acknowledged(keys)) } }
        }
        metrics.record(released: events)
        progress?.released(events)
    }

    private func tickSoon() {
        guard !hasTickPending else { return }
        hasTickPending = true
        Task {
            hasTickPending = false
            take(.ticked)
        }
    }
}

// What waits for the database.
extension ReminderEngine {
    private func acquire() async {
        let sent = Clocks.boottimeNanoseconds()
        do {
            let answer = try await store.acquire(
                leaseMilliseconds: configuration.leaseMilliseconds,
                holding: leases.map(\.shard)
            )
            // One that was lost and is taken anew before a renewal has said so has a newer epoch.
            let taken = Set(answer.shards.map(\.lease.shard))
            leases = leases.filter { !taken.contains($0.shard) }.union(answer.shards.map(\.lease))
            if !answer.shards.isEmpty {
                logger.info("shards acquired", metadata: ["shards": "\(answer.shards.count)"])
            }
            releaser.setListeners(answer.listeners)
            failures.ended(logger)
            progress?.acquired(answer.shards.count)
            take(.acquired(answer, sentAtNanoseconds: sent))
        } catch {
            failures.record(error, of: "acquire", logger)
            progress?.failed(error)
            take(.acquisitionFailed)
        }
    }

    private func renew(_ ranges: [StageRange]) async {
        let (sent, sentWall) = (Clocks.boottimeNanoseconds(), Clocks.realtimeMicroseconds())
        do {
            let answer = try await store.renew(
                ranges,
                leaseMilliseconds: configuration.leaseMilliseconds
            )
            let middle = sentWall + (Clocks.realtimeMicroseconds() - sentWall) / 2
            noteClockOffset(answer.databaseTime.microsecondsSinceEpoch - middle, answer)
            let held = Set(answer.shards.map(\.lease))
            leases.subtract(ranges.map(\.lease).filter { !held.contains($0) })
            releaser.setListeners(answer.listeners)
            failures.ended(logger)
            take(.renewed(answer, sentAtNanoseconds: sent))
        } catch {
            failures.record(error, of: "renew", logger)
            take(.renewalFailed)
        }
    }

    private func giveBack(_ given: [ShardLease]) async {
        leases.subtract(given)
        do { try await store.release(given, isLast: isStopping && leases.isEmpty) } catch {
            // They run out by themselves.
            failures.record(error, of: "give back", logger)
        }
        if isStopping, leases.isEmpty { handedOver.continuation.finish() }
    }

    /// Takes what another engine has given back.
    package nonisolated func shardsFreed() {
        loop.perform { [self] in assumeIsolated { $0.take(.shardsFreed) } }
    }

    private func noteClockOffset(_ microseconds: Int64, _ answer: LeaseAnswer) {
        guard !answer.shards.isEmpty else { return }
        snapshot.withLock { $0.clockOffsetMicroseconds = microseconds }
        metrics.record(clockOffsetMicroseconds: microseconds)
    }

    private func stage(_ request: EngineStateMachine.StageRequest) async {
        let start = Clocks.monotonicNanoseconds()
        do {
            let result = try await store.stage(
                request.ranges,
                upTo: request.horizon,
                limit: request.limit
            )
            let nanoseconds = Int64(Clocks.monotonicNanoseconds() - start)
            metrics.record(stageNanoseconds: nanoseconds, events: result.events.count)
            take(.staged(result, request, took: .nanoseconds(nanoseconds)))
        } catch {
            failures.record(error, of: "stage", logger)
            take(.stageFailed(request))
        }
    }

    private func recover(_ leases: [ShardLease], after key: OutboxKey?) async {
        let limit = 1_000
        do {
            let events = try await store.stagedEvents(leases, after: key, limit: limit)
            progress?.recovered(events.count)
            take(.recovered(events, isLast: events.count < limit))
        } catch {
            failures.record(error, of: "recover", logger)
            take(.recoveryFailed)
        }
    }

    private func readBack(_ keys: [OutboxKey]) async {
        do {
            take(.readBack(try await store.stagedEvents(keys), of: keys))
        } catch {
            failures.record(error, of: "read back", logger)
            take(.readBackFailed(keys))
        }
    }

    private func rollOver(_ event: StagedEvent) async {
        do {
            try await keeper.rollOver(event)
            if progress != nil {
                // What it armed may be overdue too, and the keeper's hint goes to another engine.
                progress?.rolledOver()
                take(.hinted(shard: event.key.shard, due: event.due))
            }
            take(.rolledOver(event.key, succeeded: true))
        } catch {
            failures.record(error, of: "roll over", logger)
            take(.rolledOver(event.key, succeeded: false))
        }
    }

    /// Derives instants anew with a tzdata that was installed meanwhile, for the shards owned here.
    package func deriveAnew() async {
        do {
            while try await keeper.deriveAnew(shards: leases.map(\.shard)) > 0, !isStopping {}
        } catch { failures.record(error, of: "derive anew", logger) }
    }
}

extension ReminderEngine: EngineHints {
    package nonisolated func hint(shard: Int16, due: WallInstant) {
        guard inbox.add(shard: shard, due: due) else { return }
        loop.perform { [self] in assumeIsolated { $0.takeHints() } }
    }

    private func takeHints() {
        for (shard, due) in inbox.takeAll() { take(.hinted(shard: shard, due: due)) }
    }

    package func withdraw(_ keys: [OutboxKey]) async -> Set<OutboxKey> {
        let confirmed = machine.withdraw(keys, at: .now)
        let leases = Set(confirmed.values)
        guard !leases.isEmpty else { return [] }
        // Whether they still hold only the database knows: this process may have slept for long.
        do {
            let answer = try await store.renew(
                leases.map { StageRange(lease: $0, from: Moment.now.wall) },
                leaseMilliseconds: configuration.leaseMilliseconds
            )
            let held = Set(answer.shards.map(\.lease))
            return Set(confirmed.filter { held.contains($0.value) }.keys)
        } catch {
            failures.record(error, of: "withdraw", logger)
            return []
        }
    }

    /// Whether this engine owns a shard, as far as it knows; from any thread.
    package nonisolated func owns(_ shard: Int16) -> Bool {
        owned.withLock { $0.contains(shard) }
    }

    /// Takes in what other processes have changed.
    package nonisolated func take(_ hints: RemoteHints) {
        for (shard, due) in hints.dues { hint(shard: shard, due: due) }
        guard !hints.withdrawn.isEmpty else { return }
        loop.perform { [self] in
            assumeIsolated { _ = $0.machine.withdraw(Array(hints.withdrawn), at: .now) }
        }
    }
}

extension ReminderEngine: Service {
    /// Runs until the service group shuts down, then gives the leases back.
    package func run() async throws {
        try begin()
        // Only a cancellation throws here, and the answer to it is the same: stop.
        try? await gracefulShutdown()
        await end()
    }

    /// Hands over what is owned, and is done.
    private func end() async {
        take(.stopping)
        isStopping = true
        if !leases.isEmpty { await handOver() }
        isClosed = true
        wallTimer?.close()
        renewalTimer?.close()
        // Those that were not handed over in time, and those that never were this engine's.
        do { try await store.release(Array(leases), isLast: true) } catch {
            logger.warning("leases not given back", metadata: ["error": "\(error)"])
        }
    }

    /// Waits until what is released has been acknowledged and every lease is given back, or until
    /// it has taken too long.
    private func handOver() async {
        let limit = LoopTimer(loop: loop) { [handedOver] in handedOver.continuation.finish() }
        limit.start(after: Self.maximumHandOver, every: Self.maximumHandOver)
        for await _ in handedOver.stream {}
        limit.close()
    }

    /// Runs until nothing is overdue in the shards that nobody held, in place of ``run()``.
    ///
    /// - Parameter limit: when it ends at the latest.
    /// - Returns: what it did.
    /// - Throws: when the database did not answer.
    package func sweep(atMost limit: Duration) async throws -> SweepReport {
        progress = SweepProgress()
        let deadline = LoopTimer(loop: loop) { [weak self] in
            self?.assumeIsolated { $0.progress?.end(isComplete: false) }
        }
        deadline.start(after: limit)
        try begin()
        await withGracefulShutdownHandler {
            await withCheckedContinuation { progress?.wait($0) }
        } onGracefulShutdown: {
            self.loop.perform { self.assumeIsolated { $0.progress?.end(isComplete: false) } }
        }
        deadline.close()
        await end()
        return try progress?.result() ?? SweepReport()
    }
}

extension Moment {
    /// The clocks of this host.
    static var now: Moment {
        Moment(
            wall: WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds()),
            bootNanoseconds: Clocks.boottimeNanoseconds()
        )
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
