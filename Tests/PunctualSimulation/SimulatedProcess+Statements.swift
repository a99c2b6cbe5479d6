// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime

// How a statement travels.
extension SimulatedProcess {
    /// Sends a statement; it takes effect a while later, and its answer comes back after another.
    func ask<Value>(
        _ kind: StatementKind,
        before: ((SimulatedDatabase) -> Void)? = nil,
        _ effect: @escaping (SimulatedDatabase) -> Value,
        _ success: @escaping (Value) -> Void,
        _ failure: @escaping () -> Void
    ) {
        let place = SimulatedWorld.Place(process: index, statement: kind, number: count(kind))
        var trip = Trip(latencies(of: place))
        if let mishap = world.takeMishap(place) {
            guard bear(mishap, kind, &trip) else { return }
        }
        // A connection that is cut is given up after five seconds.
        if kind != .publish, isCutOff { (trip.fails, trip.back) = (true, 5_000_000) }
        travel(trip, kind, before, effect, success, failure)
    }

    /// What lies before a statement, in microseconds.
    private struct Trip {
        var there: Int64
        var back: Int64
        var fails = false
        var looksFailed = false
        var again: Int64?
        var failsAfter: Int64?
        var crashes = false

        init(_ latencies: (there: Int64, back: Int64)) { (there, back) = latencies }
    }

    private func latencies(of place: SimulatedWorld.Place) -> (there: Int64, back: Int64) {
        let kind = StatementKind.allCases.firstIndex(of: place.statement) ?? 0
        let parts = (UInt64(index) << 32 | UInt64(kind), UInt64(place.number))
        let draw = SeededGenerator.draw(world.scenario.seed, parts.0, parts.1)
        let slowest = UInt64(world.scenario.traits.slowest)
        return (Int64(100 + draw % slowest), Int64(100 + (draw >> 24) % slowest))
    }

    /// Works a mishap into a trip; answers whether the statement leaves at all.
    private func bear(_ mishap: Mishap, _ kind: StatementKind, _ trip: inout Trip) -> Bool {
        let isLease = [.acquire, .renew, .giveBack].contains(kind)
        let patience = isLease ? SimulatedWorld.leaseAndSettling : 6_000_000
        world.excuse(for: patience)
        switch mishap {
        case .refused: trip.fails = true
        case .answerLost: trip.looksFailed = true
        case .late(let there, let back):
            (trip.there, trip.back) = (trip.there + there, trip.back + back)
            world.excuse(for: there + back + patience)
        case .effectLate(let late):
            trip.failsAfter = trip.there + trip.back
            trip.there += late
            // Who does not know of it finds it with the next net.
            world.excuse(for: late + 36_000_000)
        case .twice(let again):
            trip.again = again
            world.excuse(for: again + 36_000_000)
        case .crashBefore:
            crash(isNoticed: true, back: 1_000_000)
            return false
        case .crashDuring:
            world.after(trip.there + trip.back / 2) { [self, life] in
                if self.life == life { crash(isNoticed: true, back: 1_000_000) }
            }
        case .crashAfter: trip.crashes = true
        case .suspendedAfterSending(let lasting): suspend(for: lasting)
        case .suspendedBeforeAnswer(let lasting):
            world.after(trip.there + 1) { [self, life] in
                if self.life == life { suspend(for: lasting) }
            }
        }
        return true
    }

    private func travel<Value>(
        _ trip: Trip,
        _ kind: StatementKind,
        _ before: ((SimulatedDatabase) -> Void)?,
        _ effect: @escaping (SimulatedDatabase) -> Value,
        _ success: @escaping (Value) -> Void,
        _ failure: @escaping () -> Void
    ) {
        func answer(after microseconds: Int64, _ body: @escaping () -> Void) {
            world.after(nanoseconds: UInt64(max(0, microseconds)) * 1_000, for: self) { [self] in
                if trip.crashes { return crash(isNoticed: true, back: 1_000_000) }
                body()
            }
        }
        guard !trip.fails else { return answer(after: trip.there + trip.back, failure) }
        if let failsAfter = trip.failsAfter { answer(after: failsAfter, failure) }
        if let before {
            world.after(trip.there / 2) { [world] in
                if world.databaseDownUntil <= world.now { before(world.database) }
            }
        }
        // The effect comes about even if the process dies meanwhile.
        world.after(trip.there) { [self, life] in
            guard kind == .publish || world.databaseDownUntil <= world.now else {
                // It went down with the statement.
                if self.life == life, trip.failsAfter == nil { answer(after: trip.back, failure) }
                return
            }
            let value = effect(world.database)
            if let again = trip.again {
                world.after(again) { [world] in _ = effect(world.database) }
            }
            guard self.life == life, trip.failsAfter == nil else { return }
            answer(after: trip.back) { [self] in
                if trip.looksFailed || kind != .publish && isCutOff {
                    failure()
                } else {
                    success(value)
                }
            }
        }
    }
}

// What ReminderEngine performs.
extension SimulatedProcess {
    func perform(_ action: EngineStateMachine.Action) {
        guard isUp else { return }
        switch action {
        case .arm(let instant): arm(instant)
        case .tickSoon: tickSoon()
        case .acquire: acquire()
        case .giveBack(let leases): giveBack(leases)
        case .renew(let ranges): renew(ranges)
        case .stage(let request): stage(request)
        case .recover(let leases, let key): recover(leases, after: key)
        case .readBack(let keys):
            ask(
                .readBack,
                { database in keys.compactMap { database.outbox[$0] } },
                { [self] in take(.readBack($0, of: keys)) },
                { [self] in take(.readBackFailed(keys)) }
            )
        case .release(let events): release(events)
        case .rollOver(let event):
            ask(
                .rollOver,
                { $0.rollOver(event) },
                { [self] outcome in
                    follow(outcome, isHintLost: false)
                    take(.rolledOver(event.key, succeeded: true))
                },
                { [self] in take(.rolledOver(event.key, succeeded: false)) }
            )
        }
    }

    private func acquire() {
        let (sent, number, holding) = (moment.bootNanoseconds, number, Set(leases.map(\.shard)))
        ask(
            .acquire,
            { $0.acquire(number, lease: 10_000_000_000, holding: holding) },
            { [self] in acquired($0, sentAt: sent) },
            { [self] in take(.acquisitionFailed) }
        )
    }

    private func renew(_ ranges: [StageRange]) {
        let (sent, number) = (moment.bootNanoseconds, number)
        let ranges = ranges.sorted { $0.lease.shard < $1.lease.shard }
        ask(
            .renew,
            { $0.renew(ranges, number, lease: 10_000_000_000) },
            { [self] in renewed($0, ranges, sentAt: sent) },
            { [self] in take(.renewalFailed) }
        )
    }

    private func giveBack(_ given: [ShardLease]) {
        forget(given)
        let (number, isLast) = (number, isGoing)
        ask(
            .giveBack,
            { [world, index] database in
                guard database.release(given, number, isLast: isLast) else { return }
                for other in world.processes where other.index != index && other.isUp {
                    world.after(nanoseconds: 1_000_000, for: other) { other.take(.shardsFreed) }
                }
            },
            { [self] in gaveBack() },
            { [self] in gaveBack() }
        )
    }

    private func stage(_ request: EngineStateMachine.StageRequest) {
        let (sent, judged) = (world.now, moment.wall)
        var request = request
        request.ranges.sort { $0.lease.shard < $1.lease.shard }
        ask(
            .stage,
            { [request] database in
                database.stage(
                    request.ranges,
                    upTo: request.horizon,
                    limit: request.limit,
                    judgedAt: judged
                )
            },
            { [self, request] result in
                take(.staged(result, request, took: .nanoseconds(Int64(world.now - sent))))
            },
            { [self, request] in take(.stageFailed(request)) }
        )
    }

    private func recover(_ leases: [ShardLease], after key: OutboxKey?) {
        let limit = world.scenario.traits.page
        ask(
            .recover,
            { $0.page(Set(leases.map(\.shard)), after: key, limit: limit) },
            { [self] in take(.recovered($0, isLast: $0.count < limit)) },
            { [self] in take(.recoveryFailed) }
        )
    }

    private func release(_ events: [ReleasedEvent]) {
        let wall = moment.wall
        let events = events.sorted { $0.key.precedes($1.key) }
        for event in events {
            if event.due > wall { world.ledger.violate("\(event.key) was early") }
            let row = world.database.shards[Int(event.key.shard)]
            if row.epoch != event.epoch, row.wasExpired {
                world.ledger.violate("\(event.key) was released by a former owner, \(index)")
            }
            world.ledger.released(
                event,
                process: index,
                life: life,
                isOwner: row.epoch == event.epoch,
                at: world.wall
            )
        }
        relay.release(events, isEngine: true)
    }
}
