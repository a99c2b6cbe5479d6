// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

/// One process: an engine's state machine with what `ReminderEngine` does around it, an API, a
/// relay, and clocks that are not quite right.
final class SimulatedProcess {
    unowned let world: SimulatedWorld
    let index: Int

    private(set) var isUp = false
    private(set) var life = 0
    private(set) var suspendedUntil: UInt64 = 0
    private var cutOffUntil: UInt64 = 0
    private(set) var sinkDownUntil: UInt64 = 0
    /// What the wall clock of this host is wrong by since it was last set, in microseconds.
    private var clockOffset: Int64 = 0
    private var counts: [StatementKind: Int] = [:]
    private var tzdata = 0

    private(set) var machine: EngineStateMachine
    private(set) var number: Int32 = 0
    private(set) var leases: Set<ShardLease> = []
    private var isStopping = false
    private var isClosed = false
    private var hasTickPending = false
    private var armedAt: Int64?
    private(set) lazy var relay = SimulatedRelay(self)

    init(index: Int, world: SimulatedWorld) {
        (self.index, self.world) = (index, world)
        machine = EngineStateMachine(
            configuration: .init(),
            shardCount: 1,
            now: Moment(wall: WallInstant(microsecondsSinceEpoch: 0), bootNanoseconds: 0)
        )
    }

    /// Whether its API answers.
    var isServing: Bool { isUp && !isStopping && suspendedUntil <= world.now }

    /// Whether nothing passes between it and the database now.
    var isCutOff: Bool { cutOffUntil > world.now || world.databaseDownUntil > world.now }

    // MARK: - Clocks

    /// What its wall clock shows, in microseconds: a clock that is kept by NTP to ±20 ms.
    var wall: Int64 {
        let phase = (Int64(world.now / 1_000_000) + Int64(index) * 70_000) % 400_000
        let wander = phase < 200_000 ? phase - 100_000 : 300_000 - phase
        return world.wall + clockOffset + wander / 5
    }

    /// The clocks of its host; the one that leases are counted by runs a little fast or slow.
    var moment: Moment {
        let drift = world.now / 10_000 * UInt64(index)
        return Moment(
            wall: WallInstant(microsecondsSinceEpoch: wall),
            bootNanoseconds: 1_000_000_000 + world.now + drift
        )
    }

    func stepClock(by microseconds: Int64) {
        clockOffset += microseconds
        // What is due then is due by another clock from now on.
        if abs(microseconds) > 10_000 { world.ledger.excuse(until: .max) }
        world.excuse(for: 2_000_000)
        guard isUp else { return }
        world.after(nanoseconds: 20_000, for: self) { [self] in
            take(.clockStepped)
            wake()
        }
    }

    // MARK: - Life

    func start() {
        guard !isUp else { return }
        life += 1
        (isUp, isStopping, isClosed, hasTickPending) = (true, false, false, false)
        (leases, armedAt, suspendedUntil) = ([], nil, 0)
        number = world.database.nextEngine()
        relay = SimulatedRelay(self)
        machine = EngineStateMachine(
            configuration: configuration,
            shardCount: world.scenario.traits.shards,
            now: moment
        )
        world.excuse(for: SimulatedWorld.settling + 3_000_000)
        take(.started)
        renewSoon()
    }

    private var configuration: EngineConfiguration {
        let traits = world.scenario.traits
        var configuration = EngineConfiguration()
        configuration.stageLimit = traits.stageLimit
        configuration.releaseLimit = traits.releaseLimit
        configuration.maximumStagedBytes = traits.stagedBytes
        configuration.maximumStaged = traits.maximumStaged
        configuration.maximumUnacknowledged = traits.maximumUnacknowledged
        return configuration
    }

    private func renewSoon() {
        world.after(nanoseconds: 1_000_000_000, for: self) { [self] in
            take(.renewalDue)
            renewSoon()
        }
    }

    func crash(isNoticed: Bool, back: Int64) {
        guard isUp else { return }
        isUp = false
        let number = number
        world.excuse(
            for: SimulatedWorld.settling + (isNoticed ? 0 : SimulatedWorld.leaseAndSettling)
        )
        if isNoticed { world.after(5_000) { [world] in world.database.sessions.remove(number) } }
        world.after(back + 1_000) { [self] in start() }
    }

    /// Stands still; the clocks go on, and what is under way in the database too.
    func suspend(for microseconds: Int64) {
        guard isUp else { return }
        suspendedUntil = max(suspendedUntil, world.now + UInt64(microseconds) * 1_000)
        world.excuse(for: max(microseconds, 10_000_000) + SimulatedWorld.leaseAndSettling)
    }

    func cutOff(for microseconds: Int64) {
        cutOffUntil = max(cutOffUntil, world.now + UInt64(microseconds) * 1_000)
        loseSession()
        world.excuse(for: microseconds + SimulatedWorld.leaseAndSettling + 5_000_000)
    }

    func loseSession() {
        world.database.sessions.remove(number)
        world.excuse(for: SimulatedWorld.leaseAndSettling)
    }

    func refuseReleases(for microseconds: Int64) {
        sinkDownUntil = max(sinkDownUntil, world.now + UInt64(microseconds) * 1_000)
        world.excuse(for: microseconds + 10_000_000)
    }

    // MARK: - Stopping, as ReminderEngine does it

    func stop(back: Int64) {
        guard isUp, !isStopping else { return }
        guard suspendedUntil <= world.now else {
            return world.after(nanoseconds: 0, for: self) { [self] in stop(back: back) }
        }
        world.excuse(for: SimulatedWorld.settling)
        take(.stopping)
        isStopping = true
        world.after(nanoseconds: 5_000_000_000, for: self) { [self] in close(back: back) }
        if leases.isEmpty { close(back: back) }
        handedOver = { [self] in close(back: back) }
    }

    private var handedOver: (() -> Void)?

    private func close(back: Int64) {
        guard !isClosed else { return }
        isClosed = true
        handedOver = nil
        let (leases, number) = (Array(leases), number)
        ask(.giveBack, { $0.release(leases, number, isLast: true) }, { _ in }, {})
        // The relay goes on until what was released is acknowledged, or ten seconds are over.
        drain(tries: 100, back: back)
    }

    private func drain(tries: Int, back: Int64) {
        if tries > 0, !relay.isIdle {
            return world.after(nanoseconds: 100_000_000, for: self) { [self] in
                drain(tries: tries - 1, back: back)
            }
        }
        world.after(nanoseconds: 100_000_000, for: self) { [self] in
            crash(isNoticed: true, back: back)
        }
    }

    // MARK: - The engine

    func take(_ input: EngineStateMachine.Input) {
        guard isUp, !isClosed else { return }
        let actions = machine.handle(input, at: moment)
        world.trace?("\(world.now / 1_000) process \(index) \(input): \(actions)")
        if machine.footprint > world.scenario.orders.count * 20 + 200 {
            world.ledger.violate("process \(index) keeps \(machine.footprint) things in memory")
        }
        for action in actions { perform(action) }
    }

    /// Takes staged events back.
    func withdraw(_ keys: [OutboxKey]) -> [OutboxKey: ShardLease] {
        machine.withdraw(keys, at: moment)
    }

    func acquired(_ answer: LeaseAnswer, sentAt sent: UInt64) {
        let taken = Set(answer.shards.map(\.lease.shard))
        leases = leases.filter { !taken.contains($0.shard) }.union(answer.shards.map(\.lease))
        take(.acquired(answer, sentAtNanoseconds: sent))
    }

    func renewed(_ answer: LeaseAnswer, _ ranges: [StageRange], sentAt sent: UInt64) {
        let held = Set(answer.shards.map(\.lease))
        leases.subtract(ranges.map(\.lease).filter { !held.contains($0) })
        take(.renewed(answer, sentAtNanoseconds: sent))
    }

    func gaveBack() {
        if isStopping, leases.isEmpty { handedOver?() }
    }

    func forget(_ given: [ShardLease]) { leases.subtract(given) }

    var isGoing: Bool { isStopping && leases.isEmpty }

    func arm(_ instant: WallInstant?) {
        armedAt = instant?.microsecondsSinceEpoch
        wake()
    }

    private func wake() {
        guard let armed = armedAt else { return }
        let rest = UInt64(max(0, armed - wall)) * 1_000
        // The kernel is a little late.
        world.after(nanoseconds: rest + 20_000, for: self) { [self] in
            guard armedAt == armed else { return }
            guard wall >= armed else { return wake() }
            armedAt = nil
            take(.ticked)
        }
    }

    func tickSoon() {
        guard !hasTickPending else { return }
        hasTickPending = true
        world.after(nanoseconds: 10_000, for: self) { [self] in
            hasTickPending = false
            take(.ticked)
        }
    }

    func count(_ kind: StatementKind) -> Int {
        defer { counts[kind, default: 0] += 1 }
        return counts[kind, default: 0]
    }

    func nextTzdata() -> Int {
        tzdata += 1
        return tzdata * 10 + index
    }

    // MARK: - The end

    /// Looks for what is left when nothing has happened for long.
    func checkRest() {
        guard isUp else { return world.ledger.violate("process \(index) is not back") }
        if machine.footprint > 0 {
            world.ledger.violate("process \(index) keeps \(machine.footprint) things for ever")
        }
        let (shards, processes) = (world.scenario.traits.shards, world.processes.count)
        let share = (shards + processes - 1) / processes
        if leases.count > share {
            world.ledger.violate(
                "process \(index) has \(leases.count) shards, its share is \(share)"
            )
        }
        for lease in leases where !world.database.holds(lease) {
            world.ledger.violate("process \(index) believes in \(lease)")
        }
    }
}
