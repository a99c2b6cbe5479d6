// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime
internal import PunctualWheel

// When to stage, and what came of it.
extension EngineStateMachine {
    /// Remembers that something is due, whoever says so.
    mutating func hinted(shard number: Int16, due: WallInstant) {
        guard var shard = shards[number] else { return }
        if stageInFlight != nil {
            hintsDuringStage[number] = min(due, hintsDuringStage[number] ?? due)
        }
        if due < shard.nextDue ?? .distantFuture { shard.nextDue = due }
        if let floor = shard.floor, due < floor { shard.floor = due }
        shards[number] = shard
    }

    /// Issues the stage whose time has come, or sees to it that the wheel says when.
    mutating func stageWhatIsDue(at now: Moment, _ actions: inout [Action]) {
        guard stageInFlight == nil, isConfirmed else { return }
        guard staged.count < configuration.maximumStaged,
            staged.unacknowledged < configuration.maximumUnacknowledged
        else { return }
        divertOverdue(at: now)
        refillCatchUp(at: now)
        guard let request = requestOnTime(at: now) ?? requestCatchUp(at: now) else {
            return lookLater(at: now)
        }
        if request.isCatchUp {
            catchUpTokens -= Double(request.limit * request.ranges.count)
        }
        stageInFlight = request
        actions.append(.stage(request))
    }

    /// Leaves what is long overdue to catching up, so that it does not delay what is on time.
    private mutating func divertOverdue(at now: Moment) {
        let limit = now.wall.advanced(by: .zero - configuration.overdueAfter)
        for (number, shard) in shards {
            guard let due = shard.nextDue, due < limit else { continue }
            shards[number]?.backlog = min(due, shard.backlog ?? due)
            shards[number]?.floor = limit
            shards[number]?.nextDue = now.wall
        }
    }

    private mutating func refillCatchUp(at now: Moment) {
        let elapsed = Double(now.bootNanoseconds &- catchUpRefilled) / 1e9
        let rate = Double(configuration.catchUpRate)
        catchUpTokens = min(rate / 5, catchUpTokens + elapsed * rate)
        catchUpRefilled = now.bootNanoseconds
    }

    private func requestOnTime(at now: Moment) -> StageRequest? {
        let shards = shards.filter { !$0.value.isLeaving }
        let soon = now.wall.advanced(by: lead.value)
        let ahead = now.wall.advanced(by: configuration.herdLead)
        guard
            shards.values.contains(where: { shard in
                guard let due = shard.nextDue else { return false }
                return due <= soon || shard.herd.map { due <= $0 && $0 <= ahead } ?? false
            })
        else { return nil }
        // Twice the lead: what is staged now need not be looked at again before half of it is due.
        let horizon = shards.values.compactMap(\.herd).filter { $0 <= ahead }
            .reduce(now.wall.advanced(by: lead.value * 2)) { max($0, $1) }
        let ranges = shards.values.filter { $0.nextDue.map { $0 <= horizon } ?? false }
            .map { StageRange(lease: $0.lease, from: $0.floor) }
        let limit = max(50, configuration.stageLimit / max(1, ranges.count))
        return StageRequest(ranges: ranges, horizon: horizon, limit: limit, isCatchUp: false)
    }

    private func requestCatchUp(at now: Moment) -> StageRequest? {
        let backlogged = shards.values.filter { $0.backlog != nil && !$0.isLeaving }
        let budget = min(Int(catchUpTokens), configuration.stageLimit)
        let least = min(100, configuration.catchUpRate / 10 + 1, configuration.stageLimit)
        guard !backlogged.isEmpty, budget >= least else { return nil }
        let ranges = backlogged.prefix(budget).map { StageRange(lease: $0.lease, from: $0.backlog) }
        return StageRequest(
            ranges: ranges,
            horizon: now.wall.advanced(by: .zero - configuration.overdueAfter),
            limit: max(1, budget / ranges.count),
            isCatchUp: true
        )
    }

    /// Arms one timer of the wheel for the next look at the database.
    private mutating func lookLater(at now: Moment) {
        if let timer = lookTimer { wheel.cancel(timer) }
        lookTimer = nil
        let staying = shards.values.lazy.filter { !$0.isLeaving }
        var look = staying.compactMap(\.nextDue).min()
            .map { $0.advanced(by: .zero - lead.value) }
        if staying.contains(where: { $0.backlog != nil }) {
            let refilled = now.wall.adding(microseconds: 20_000)
            look = min(look ?? refilled, refilled)
        }
        guard let look else { return }
        let tick = max(
            Tick(roundingUp: look.microsecondsSinceEpoch),
            Tick(rawValue: wheel.now.rawValue + 1)
        )
        // Beyond the wheel's horizon nothing needs a timer: the renewals look again.
        lookTimer = try? wheel.insert(Self.look, at: tick)
    }

    /// The payload of the timer that makes the engine look at the database.
    static var look: UInt32 { .max }

    /// Takes in what a stage moved, and learns what it left.
    mutating func finished(_ request: StageRequest, with result: StageResult, at now: Moment) {
        stageInFlight = nil
        if request.isCatchUp {
            catchUpTokens += Double(request.limit * request.ranges.count - result.events.count)
        }
        for range in request.ranges {
            let number = range.lease.shard
            guard var shard = shards[number], shard.lease == range.lease else { continue }
            // Without its lease the shard stages nothing; the renewal says what became of it.
            guard let rest = result.remaining[number] else { continue }
            let isDrained = (rest.due ?? .distantFuture) > request.horizon && !rest.hasLocked
            if request.isCatchUp {
                shard.backlog = isDrained ? nil : rest.hasLocked ? range.from : rest.due
            } else {
                shard.nextDue = rest.hasLocked ? (range.from ?? request.horizon) : rest.due
                if !rest.hasLocked {
                    shard.floor = min(rest.due ?? request.horizon, request.horizon)
                }
                if isDrained, shard.herd.map({ $0 <= request.horizon }) ?? false {
                    shard.herd = nil
                }
            }
            shards[number] = shard
        }
        for (shard, due) in hintsDuringStage { hinted(shard: shard, due: due) }
        hintsDuringStage = [:]
        let leases = Set(request.ranges.map(\.lease))
        for event in result.events {
            // What was staged under another lease the next recovery brings, if it is still there.
            guard let shard = shards[event.key.shard], !shard.isLeaving,
                leases.contains(shard.lease)
            else { continue }
            admit(event, epoch: shard.lease.epoch, isRecovered: false, at: now)
        }
    }

    /// Nobody knows what became of a stage: what it may have moved is recovered from `outbox`.
    mutating func failed(_ request: StageRequest) {
        stageInFlight = nil
        for (shard, due) in hintsDuringStage { hinted(shard: shard, due: due) }
        hintsDuringStage = [:]
        // Look again with the next renewal, which also tells whether the leases still hold.
        spreadNetSoon()
        isConfirmed = false
    }
}

extension WallInstant {
    /// Later than everything that is ever due.
    static var distantFuture: WallInstant { WallInstant(microsecondsSinceEpoch: .max) }
}
