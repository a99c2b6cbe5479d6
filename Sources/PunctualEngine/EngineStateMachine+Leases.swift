// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime
internal import PunctualWheel

// Owning shards, and doubting it.
extension EngineStateMachine {
    /// How long whoever writes a change of a task has for releasing it himself.
    private static let abandonedAfterSeconds = 10

    /// An equal part of all shards, rounded up.
    private var share: Int { (shardCount + engines - 1) / engines }

    /// Asks for shards that nobody holds.
    mutating func acquire(_ actions: inout [Action]) {
        guard !isAcquiring, !isStopping else { return }
        isAcquiring = true
        actions.append(.acquire)
    }

    /// Takes over shards: what a former owner staged is recovered before anything else.
    mutating func acquired(
        _ answer: LeaseAnswer,
        sentAt sent: UInt64,
        at now: Moment,
        _ actions: inout [Action]
    ) {
        isAcquiring = false
        note(engines: answer.engines)
        let isFirst = shards.isEmpty
        for report in answer.shards {
            // Perhaps somebody had it meanwhile, and no renewal has said so yet.
            if shards[report.lease.shard] != nil { lose(report.lease.shard) }
            shards[report.lease.shard] = Shard(
                lease: report.lease,
                deadline: deadline(sentAt: sent),
                nextDue: report.earliestDue,
                takenOver: now.bootNanoseconds
            )
        }
        confirm(isConfirmed || isFirst, at: now)
        guard !answer.shards.isEmpty else { return }
        overdueGotOn = now.bootNanoseconds
        guard !isStopping else { return leave(answer.shards.map(\.lease.shard)) }
        recover(answer.shards.map(\.lease), &actions)
        // The next net comes when the changes of tasks that a former owner left are abandoned.
        let period = configuration.renewalsPerNet
        renewals = max(renewals % period, period - Self.abandonedAfterSeconds - 2)
    }

    /// Renews every second; now and then without a lower bound, as a net below every bound.
    mutating func renewalDue(at now: Moment, _ actions: inout [Action]) {
        if shards.count < share { acquire(&actions) }
        guard !shards.isEmpty else { return }
        renewals += 1
        if renewals % configuration.renewalsPerNet == 0 {
            recover(shards.values.map(\.lease), &actions)
        }
        renew(at: now, &actions)
    }

    /// Has the next renewal read everything that may have been left behind.
    mutating func spreadNetSoon() { renewals = configuration.renewalsPerNet - 1 }

    private mutating func renew(at now: Moment, _ actions: inout [Action]) {
        guard renewing == nil, !shards.isEmpty else { return }
        renewing = Set(shards.values.map(\.lease))
        let isNet = renewals % configuration.renewalsPerNet == 0
        actions.append(
            .renew(
                shards.values.map { shard in
                    // Ten seconds below the floor, which may be ahead of now: a reminder whose
                    // hint was lost is found there.
                    let from =
                        isNet
                        ? nil
                        : shard.floor.map { min($0, now.wall).adding(microseconds: -10_000_000) }
                    return StageRange(lease: shard.lease, from: from)
                }
            )
        )
    }

    /// Learns which leases still hold, and what is due that nobody hinted at.
    mutating func renewed(
        _ answer: LeaseAnswer,
        sentAt sent: UInt64,
        at now: Moment,
        _ actions: inout [Action]
    ) {
        let (asked, deadline) = (renewing ?? [], deadline(sentAt: sent))
        renewing = nil
        let held = Dictionary(uniqueKeysWithValues: answer.shards.map { ($0.lease, $0) })
        for (number, shard) in shards {
            guard let report = held[shard.lease] else {
                // One that was acquired while the renewal was on its way was not asked for.
                if asked.contains(shard.lease) { lose(number) }
                continue
            }
            shards[number]?.deadline = max(shard.deadline, deadline)
            if let due = report.earliestDue { hinted(shard: number, due: due) }
            shards[number]?.herd = report.crowd.flatMap { crowd in
                let spread =
                    crowd.end.microsecondsSinceEpoch - crowd.middle.microsecondsSinceEpoch
                return spread < 10_000 ? crowd.end : nil
            }
        }
        confirm(true, at: now)
        note(engines: answer.engines)
        handOverSurplus()
        // An engine has gone: what it had is free, and waits for nobody's next second.
        if shards.count < share { acquire(&actions) }
    }

    private mutating func note(engines count: Int) {
        renewalsSinceEnginesChanged = count == engines ? renewalsSinceEnginesChanged + 1 : 0
        engines = max(1, count)
    }

    /// Hands over what is more than the share, once the number of engines has settled.
    private mutating func handOverSurplus() {
        guard renewalsSinceEnginesChanged >= 2, shards.count > share,
            !shards.values.contains(where: \.isLeaving)
        else { return }
        // Those that have nothing to do for the longest.
        let idle = shards.sorted {
            ($0.value.nextDue ?? .distantFuture, $0.key)
                > ($1.value.nextDue ?? .distantFuture, $1.key)
        }
        leave(idle.prefix(shards.count - share).map(\.key))
    }

    /// Begins to hand shards over: what is staged of them is left in `outbox` to the next owner.
    mutating func leave(_ numbers: [Int16]) {
        for number in numbers {
            shards[number]?.isLeaving = true
            forgetUnreleased(inShard: number)
        }
    }

    /// Gives back the shards of which nothing is on its way any more.
    ///
    /// What was released is acknowledged under this epoch first: the next owner does not repeat it.
    mutating func giveBackWhatHasLeft(_ actions: inout [Action]) {
        let left = shards.values.filter { shard in
            shard.isLeaving && staged.positions(inShard: shard.lease.shard).isEmpty
                && stageInFlight.map { !$0.ranges.map(\.lease).contains(shard.lease) } ?? true
        }
        guard !left.isEmpty else { return }
        for shard in left { shards[shard.lease.shard] = nil }
        actions.append(.giveBack(left.map(\.lease)))
    }

    /// Until when a lease is trusted that was asked for at a boot time.
    private func deadline(sentAt sent: UInt64) -> UInt64 {
        let trusted = configuration.leaseMilliseconds - configuration.leaseMarginMilliseconds
        return sent + UInt64(max(0, trusted)) * 1_000_000
    }

    /// Trusts the leases until the first of them runs out, unless the answer came too late for that.
    private mutating func confirm(_ isConfirmed: Bool, at now: Moment) {
        leaseDeadline = shards.values.map(\.deadline).min() ?? .max
        self.isConfirmed = isConfirmed && now.bootNanoseconds < leaseDeadline
    }

    private mutating func lose(_ shard: Int16) {
        shards[shard] = nil
        forgetUnreleased(inShard: shard)
    }

    private mutating func forgetUnreleased(inShard shard: Int16) {
        for position in staged.positions(inShard: shard) {
            let slot = staged[position]
            guard slot.phase.isUnreleased else { continue }
            if let timer = slot.timer { wheel.cancel(timer) }
            staged.remove(at: position)
        }
    }

    /// Doubts the leases when turns are too far apart: the process may have been suspended.
    mutating func doubtLateTurn(at now: Moment, _ actions: inout [Action]) {
        let gap = now.bootNanoseconds &- lastBoot
        lastBoot = now.bootNanoseconds
        let margin = UInt64(configuration.leaseMarginMilliseconds) * 1_000_000
        if isConfirmed, gap > margin || now.bootNanoseconds >= leaseDeadline {
            doubt(at: now, &actions)
        }
    }

    /// Releases nothing until the database has confirmed the epochs.
    mutating func doubt(at now: Moment, _ actions: inout [Action]) {
        isConfirmed = false
        renew(at: now, &actions)
    }

    /// Reads what is in `outbox` and not in memory, from its first page.
    private mutating func recover(_ leases: [ShardLease], _ actions: inout [Action]) {
        toRecover.formUnion(leases)
        recoverNext(&actions)
    }

    /// Begins with what is to be read next, unless something is being read: what came meanwhile may
    /// lie before the page that is on its way.
    mutating func recoverNext(_ actions: inout [Action]) {
        guard recovering == nil else { return }
        let leases = shards.values.map(\.lease).filter { toRecover.contains($0) }
        toRecover = []
        guard !leases.isEmpty else { return }
        recovering = leases
        actions.append(.recover(leases, after: nil))
    }

    /// Takes in a page of what was left behind, and asks for the next.
    mutating func recovered(
        _ events: [StagedEvent],
        isLast: Bool,
        at now: Moment,
        _ actions: inout [Action]
    ) {
        guard let leases = recovering else { return }
        // Changes of tasks are released by whoever wrote them; only what he left is taken.
        let age = Int64(Self.abandonedAfterSeconds) * 1_000_000
        let abandoned = now.wall.adding(microseconds: -age)
        for event in events where event.type.topic != .taskEvents || event.due < abandoned {
            // A page that was read under another lease says nothing of this one.
            guard let shard = shards[event.key.shard], !shard.isLeaving,
                leases.contains(shard.lease)
            else { continue }
            admit(event, epoch: shard.lease.epoch, isRecovered: true, at: now)
        }
        guard isLast else { return actions.append(.recover(leases, after: events.last?.key)) }
        for lease in leases where shards[lease.shard]?.lease == lease {
            shards[lease.shard]?.isRecovered = true
        }
        recovering = nil
        recoverNext(&actions)
    }
}
