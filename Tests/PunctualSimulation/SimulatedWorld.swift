// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

/// Processes with engines, on one database, each with clocks of its own, under one scenario.
///
/// Time passes only from event to event, so that years take no longer than what happens in them.
/// Nothing in it is random but by the scenario's seed.
package final class SimulatedWorld {
    /// When scenarios begin, in microseconds since the epoch.
    static let epoch: Int64 = 1_800_000_000_000_000
    /// How long the engines need, after a change of who is there, to share the shards again.
    static let settling: Int64 = 9_000_000
    /// How long a lease is good for, and then the settling.
    static let leaseAndSettling: Int64 = 22_000_000
    /// More happens in no scenario that comes to rest.
    private static let maximumEvents = 200_000

    let scenario: Scenario
    let ledger: Ledger
    let database: SimulatedDatabase
    private(set) var processes: [SimulatedProcess] = []
    private var queue = EventQueue()
    /// True time in nanoseconds since the scenario began.
    private(set) var now: UInt64 = 0
    /// How many events have happened.
    package private(set) var events = 0
    var databaseDownUntil: UInt64 = 0
    private(set) var lostHints: Set<Int64> = []
    private var mishaps: [Place: Mishap] = [:]

    struct Place: Hashable {
        var process: Int
        var statement: StatementKind
        var number: Int
    }

    /// Runs a scenario to its end.
    ///
    /// - Returns: the promises that were broken; nothing when all were kept.
    package static func violations(of scenario: Scenario) -> [String] {
        let world = SimulatedWorld(scenario)
        world.live()
        return world.violations
    }

    /// Makes a world in which nothing has happened yet.
    package init(_ scenario: Scenario) {
        self.scenario = scenario
        ledger = Ledger(traits: scenario.traits)
        database = SimulatedDatabase(traits: scenario.traits, ledger: ledger)
        for index in 0..<scenario.traits.processes {
            processes.append(SimulatedProcess(index: index, world: self))
        }
    }

    /// The promises that were broken, the first few.
    package var violations: [String] { ledger.violations }

    /// What says whether two runs went the same way.
    package var digest: UInt64 { ledger.digest ^ UInt64(events) }

    /// True time in microseconds since the epoch.
    var wall: Int64 { Self.epoch + Int64(now / 1_000) }

    /// Whatever is late until so many microseconds from now has its excuse.
    func excuse(for microseconds: Int64) { ledger.excuse(until: wall + microseconds) }

    // MARK: - The script

    /// Lives through the scenario, and on until nothing is due any more.
    package func live() {
        excuse(for: 6_000_000)
        for process in processes {
            let delay = SeededGenerator.draw(scenario.seed, UInt64(process.index)) % 1_500_000
            after(Int64(delay)) { process.start() }
        }
        for order in scenario.orders { after(order.at) { [self] in place(order) } }
        for fate in scenario.fates { prepare(fate) }
        run(until: UInt64(scenario.traits.span + 90_000_000) * 1_000)
        for lapse in 0..<60 {
            guard violations.isEmpty, let due = database.reminders.values.map(\.due).min()
            else { break }
            let rest = due.microsecondsSinceEpoch - wall
            let slept = rest > 60_000_000 ? sleepAll(for: rest - 15_000_000, number: lapse) : 0
            run(until: now + UInt64(slept + 45_000_000) * 1_000)
        }
        run(until: now + 45_000_000_000)
        if violations.isEmpty { ledger.close(at: wall) }
        if violations.isEmpty { processes.forEach { $0.checkRest() } }
    }

    /// Lets everybody stand still until shortly before something is due, or for longer than that.
    private func sleepAll(for microseconds: Int64, number: Int) -> Int64 {
        let draw = SeededGenerator.draw(scenario.seed, UInt64(number), 77)
        let extra = draw % 4 == 0 ? Int64(draw >> 8) % 20_000_000_000 : 0
        for process in processes { process.suspend(for: microseconds + extra) }
        excuse(for: microseconds + extra + Self.leaseAndSettling)
        return microseconds + extra
    }

    private func place(_ order: Order) {
        let serving = (0..<processes.count).map {
            processes[(order.process + $0) % processes.count]
        }
        .first(where: \.isServing)
        guard let serving else {
            // A client that finds nobody tries again, here not before somebody wakes up.
            let awake = processes.map(\.suspendedUntil).min() ?? 0
            let rest = awake > now ? Int64((awake - now) / 1_000) : 0
            return after(rest + 500_000) { [self] in place(order) }
        }
        serving.carryOut(order)
    }

    private func prepare(_ fate: Fate) {
        if let index = fate.process, !processes.indices.contains(index) { return }
        func on(_ index: Int, _ at: Int64, _ body: @escaping (SimulatedProcess) -> Void) {
            after(at) { [self] in body(processes[index]) }
        }
        switch fate {
        case .crash(let index, let at, let isNoticed, let back):
            on(index, at) { $0.crash(isNoticed: isNoticed, back: back) }
        case .stop(let index, let at, let back): on(index, at) { $0.stop(back: back) }
        case .suspend(let index, let at, let lasting):
            on(index, at) { $0.suspend(for: lasting) }
        case .clockStep(let index, let at, let by): on(index, at) { $0.stepClock(by: by) }
        case .cutOff(let index, let at, let lasting): on(index, at) { $0.cutOff(for: lasting) }
        case .sessionLost(let index, let at): on(index, at) { $0.loseSession() }
        case .sinkDown(let index, let at, let lasting):
            on(index, at) { $0.refuseReleases(for: lasting) }
        case .newTzdata(let index, let at, let by): on(index, at) { $0.deriveAnew(by: by) }
        case .hintLost(let order): lostHints.insert(order)
        case .mishap(let index, let statement, let number, let mishap):
            mishaps[Place(process: index, statement: statement, number: number)] = mishap
        case .databaseDown(let at, let lasting):
            after(at) { [self] in
                databaseDownUntil = max(databaseDownUntil, now + UInt64(lasting) * 1_000)
                (database.sessions, database.locked) = ([], [:])
                excuse(for: lasting + Self.leaseAndSettling + 5_000_000)
            }
        }
    }

    /// What happens to a statement; nothing any more once users have stopped acting.
    func takeMishap(_ place: Place) -> Mishap? {
        guard now < UInt64(scenario.traits.span) * 1_000 else { return nil }
        return mishaps.removeValue(forKey: place)
    }

    /// Says what happens, to whoever looks into one scenario.
    package var trace: ((String) -> Void)?

    // MARK: - Time

    /// Does something so many microseconds from now, whoever is alive.
    func after(_ microseconds: Int64, _ body: @escaping () -> Void) {
        queue.add(at: now + UInt64(max(0, microseconds)) * 1_000, owner: nil, body)
    }

    /// Does something for a process in its present life, when it is awake.
    func after(
        nanoseconds: UInt64,
        for process: SimulatedProcess,
        _ body: @escaping () -> Void
    ) {
        let owner = EventQueue.Owner(process: process.index, life: process.life)
        queue.add(at: now + nanoseconds, owner: owner, body)
    }

    private func run(until end: UInt64) {
        while violations.isEmpty, let at = queue.next, at <= end, let entry = queue.popFirst() {
            now = max(now, at)
            (database.now, database.wall) = (now, wall)
            events += 1
            guard events < Self.maximumEvents else { return ledger.violate("it never rests") }
            guard let owner = entry.owner else {
                entry.body()
                continue
            }
            let process = processes[owner.process]
            guard process.isUp, process.life == owner.life else { continue }
            if process.suspendedUntil > now {
                // What arrived meanwhile is found on waking up, in the order of its arrival.
                queue.add(at: process.suspendedUntil, owner: owner, entry.body)
            } else {
                entry.body()
            }
        }
        now = max(now, end)
        (database.now, database.wall) = (now, wall)
    }
}
