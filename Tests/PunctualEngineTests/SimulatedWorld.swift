// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

/// A database, a transport and two clocks around the engine's state machine, under one seed.
///
/// Time passes only from event to event. Every operation takes a random time, may fail without
/// effect, or take effect and look failed; the wall clock steps, the process stalls and crashes.
final class SimulatedWorld {
    enum Step {
        case input((SimulatedWorld) -> EngineStateMachine.Input?)
        case act((SimulatedWorld) -> Void)
        case tick
    }

    let seed: UInt64
    var random: SeededGenerator
    let faults: Faults
    var fates: [Int64: Fate] = [:]
    var violations: [String] = []

    var boot: UInt64 = 1_000_000_000
    var wallOffset: Int64
    var queue: [(at: UInt64, order: Int, life: Int?, step: Step)] = []
    var order = 0
    var life = 0
    var machine: EngineStateMachine
    var armedAt: Int64?

    var reminders: [Int64: ArmedReminder] = [:]
    var outbox: [OutboxKey: StagedEvent] = [:]
    var epochs: [Int16: Int64] = [:]
    /// Which shards the one engine that is simulated does not hold, or another one might.
    var free: Set<Int16> = []
    var engines = 1
    static let shardCount: Int16 = 4

    init(seed: UInt64, faults: Faults = Faults()) {
        (self.seed, self.faults, random) = (seed, faults, SeededGenerator(seed: seed))
        wallOffset = 1_800_000_000_000_000
        machine = Self.makeMachine(
            at: Moment(
                wall: .init(microsecondsSinceEpoch: wallOffset),
                bootNanoseconds: 1_000_000_000
            )
        )
        for shard in 0..<Self.shardCount { epochs[shard] = 0 }
        free = Set(epochs.keys)
    }

    static func makeMachine(at now: Moment) -> EngineStateMachine {
        var configuration = EngineConfiguration()
        configuration.maximumStagedBytes = 20_000
        configuration.stageLimit = 100
        return EngineStateMachine(
            configuration: configuration,
            shardCount: Int(shardCount),
            now: now
        )
    }

    /// Wall-clock time in microseconds.
    var wall: Int64 { wallOffset + Int64(boot / 1_000) }

    var now: Moment {
        Moment(wall: WallInstant(microsecondsSinceEpoch: wall), bootNanoseconds: boot)
    }

    // MARK: - Script

    /// Lives through `seconds` with `count` reminders, then lets everything settle.
    func live(seconds: Int, count: Int) {
        take(.started)
        every(1_000_000_000) { _ in .renewalDue }
        let span = UInt64(seconds) * 1_000_000_000
        for id in 1...Int64(count) {
            schedule(after: random.next(upperBound: span)) { $0.arm(id) }
        }
        if faults.clockSteps {
            for _ in 0..<3 { schedule(after: random.next(upperBound: span)) { $0.stepClock() } }
            schedule(after: random.next(upperBound: span)) { $0.stall() }
        }
        if faults.rebalances {
            for _ in 0..<4 {
                schedule(after: random.next(upperBound: span)) { $0.engines = 3 - $0.engines }
            }
            schedule(after: span) { $0.engines = 1 }
        }
        if faults.crashes {
            for _ in 0..<2 { schedule(after: random.next(upperBound: span)) { $0.crash() } }
        }
        run(until: boot + span + 400_000_000_000)
        for (id, fate) in fates where !fate.isWithdrawn && !fate.isLogged {
            violations.append("reminder \(id) was lost")
        }
    }

    func arm(_ id: Int64) {
        let isHerd = random.next(upperBound: 4) == 0
        let delay = Int64(random.next(upperBound: 30_000_000)) - 2_000_000
        let due = isHerd ? (wall / 10_000_000 + 1) * 10_000_000 : wall + delay
        let shard = Int16(random.next(upperBound: UInt64(Self.shardCount)))
        reminders[id] = ArmedReminder(
            shard: shard,
            id: id,
            kind: .reminder,
            taskID: id,
            due: WallInstant(microsecondsSinceEpoch: due),
            nominal: Self.nominal(due),
            misfire: MisfirePolicy(action: .fire, graceMilliseconds: 0)
        )
        fates[id] = Fate(due: due, armed: wall)
        if random.next(upperBound: 10) > 0 {
            take(.hinted(shard: shard, due: WallInstant(microsecondsSinceEpoch: due)))
        }
        if random.next(upperBound: 8) == 0 {
            schedule(after: random.next(upperBound: 20_000_000_000)) { $0.withdraw(id) }
        }
    }

    static func nominal(_ due: Int64) -> CivilDateTime {
        CivilDateTime(secondsSinceEpoch: due / 1_000_000)
    }

    func withdraw(_ id: Int64) {
        guard let fate = fates[id], !fate.isLogged else { return }
        if reminders.removeValue(forKey: id) != nil {
            fates[id]?.isWithdrawn = true
            return
        }
        guard let key = outbox.keys.first(where: { $0.sourceID == id }) else { return }
        outbox[key] = nil
        // The engine hears of it a little later, and by then the event may have left.
        let life = self.life
        schedule(after: random.next(upperBound: 100_000_000)) { world in
            world.confirmWithdrawal(of: key, isAlive: world.life == life)
        }
    }

    func confirmWithdrawal(of key: OutboxKey, isAlive: Bool) {
        let isConfirmed = isAlive && machine.withdraw([key], at: now).contains(key)
        if isConfirmed, fates[key.sourceID]?.releases.isEmpty == false {
            violations.append("\(key.sourceID): confirmed, yet fired")
        }
        fates[key.sourceID]?.isWithdrawn = true
    }

    func stepClock() {
        wallOffset += Int64(random.next(upperBound: 60_000_000)) - 30_000_000
        take(.clockStepped)
    }

    func stall() { boot += random.next(upperBound: 15_000_000_000) }

    func crash() {
        life += 1
        free = Set(epochs.keys)
        machine = Self.makeMachine(at: now)
        armedAt = nil
        take(.started)
        every(1_000_000_000) { _ in .renewalDue }
    }

    // MARK: - The queue of what happens

    func schedule(after delay: UInt64, _ body: @escaping (SimulatedWorld) -> Void) {
        push(at: boot + delay, life: nil, .act(body))
    }

    func push(at: UInt64, life: Int?, _ step: Step) {
        order += 1
        let entry = (at: at, order: order, life: life, step: step)
        var low = 0, high = queue.count
        while low < high {
            let middle = (low + high) / 2
            if (queue[middle].at, queue[middle].order) > (at, order) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        queue.insert(entry, at: low)
    }

    func every(
        _ interval: UInt64,
        _ input: @escaping (SimulatedWorld) -> EngineStateMachine.Input
    ) {
        let life = self.life
        push(
            at: boot + interval,
            life: life,
            .act { world in
                world.take(input(world))
                if world.life == life { world.every(interval, input) }
            }
        )
    }

    func run(until end: UInt64) {
        while let next = queue.popLast(), next.at <= end {
            boot = max(boot, next.at)
            if let life = next.life, life != self.life { continue }
            switch next.step {
            case .act(let body): body(self)
            case .input(let input): if let input = input(self) { take(input) }
            case .tick: tick()
            }
        }
    }

    func tick() {
        guard let armedAt else { return }
        if wall >= armedAt { take(.ticked) } else { wake() }
    }

    func wake() {
        guard let armedAt else { return }
        push(at: boot + UInt64(max(0, armedAt - wall)) * 1_000, life: life, .tick)
    }

    // MARK: - The machine

    func take(_ input: EngineStateMachine.Input) {
        for action in machine.handle(input, at: now) { perform(action) }
    }

    /// Runs an operation that takes a while: it may fail, with or without effect.
    func operate<Value>(
        _ effect: @escaping (SimulatedWorld) -> Value,
        _ success: @escaping (Value, SimulatedWorld) -> EngineStateMachine.Input,
        _ failure: @escaping (SimulatedWorld) -> EngineStateMachine.Input
    ) {
        let luck = Double(random.next(upperBound: 1_000_000)) / 1_000_000
        let there = random.next(upperBound: 20_000_000) + 100_000
        let back = random.next(upperBound: 20_000_000) + 100_000
        let life = self.life
        // The effect comes about even if the process dies meanwhile.
        push(
            at: boot + there,
            life: nil,
            .act { world in
                if luck < world.faults.failure {
                    world.push(at: world.boot + back, life: life, .input(failure))
                    return
                }
                let value = effect(world)
                let looksFailed = luck < world.faults.failure + world.faults.ambiguity
                world.push(
                    at: world.boot + back,
                    life: life,
                    .input { world in
                        looksFailed ? failure(world) : success(value, world)
                    }
                )
            }
        )
    }

    func perform(_ action: EngineStateMachine.Action) {
        switch action {
        case .arm(let instant):
            armedAt = instant?.microsecondsSinceEpoch
            wake()
        case .tickSoon: push(at: boot + 1_000, life: life, .input { _ in .ticked })
        case .acquire: acquire()
        case .giveBack(let leases):
            operate(
                { world in
                    for lease in leases where world.epochs[lease.shard] == lease.epoch {
                        world.free.insert(lease.shard)
                    }
                },
                { _, _ in .ticked },
                { world in
                    // They run out by themselves.
                    world.free.formUnion(leases.map(\.shard))
                    return .ticked
                }
            )
        case .renew(let ranges): renew(ranges)
        case .stage(let request): stage(request)
        case .recover(let leases, let key): recover(leases, after: key)
        case .readBack(let keys):
            operate(
                { world in keys.compactMap { world.outbox[$0] } },
                { events, _ in .readBack(events, of: keys) },
                { _ in .readBackFailed(keys) }
            )
        case .release(let events): release(events)
        case .rollOver: violations.append("a rollover out of nowhere")
        }
    }
}
