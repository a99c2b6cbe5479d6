// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualTime
internal import PunctualWheel

/// The two clocks that a decision is made by, read once.
package struct Moment: Sendable, Hashable {
    /// Wall-clock time: what due instants are compared with.
    package var wall: WallInstant
    /// Nanoseconds on a clock that never steps and counts a suspend: what leases are counted by.
    package var bootNanoseconds: UInt64

    /// Creates a moment from its parts.
    package init(wall: WallInstant, bootNanoseconds: UInt64) {
        (self.wall, self.bootNanoseconds) = (wall, bootNanoseconds)
    }
}

/// Everything that the engine decides, as a value: inputs in, actions out.
///
/// ```
///              hint, renewal             staged               acknowledged
///   reminders ───────────► look ──stage──► waiting ──wheel──► ready ──release──► released ──► gone
///                          (lead before due)   │                │
///                                              └── withdrawn ◄──┘
/// ```
///
/// It holds the wheel, what is staged in memory, and for each owned shard the instant at which it
/// must next be looked at. It reads no clock and touches no socket: whoever drives it performs the
/// actions and says what came of them, so that a simulator can drive it just as the engine does.
///
/// Three rules keep the promises. *Never early*: an event leaves only if its due is not after the
/// wall time of the very input that makes it leave. *Never lost*: nothing leaves memory but by an
/// acknowledgement, a withdrawal or the loss of the lease, and then the database still has it.
/// *Never by a former owner*: nothing is released between a doubt (a late turn, a clock step, an
/// old lease) and the renewal that removes it.
package struct EngineStateMachine: ~Copyable {
    /// What has happened.
    package enum Input: Sendable {
        /// The engine starts.
        case started
        /// Shards were acquired; the request was sent at the given boot time.
        case acquired(LeaseAnswer, sentAtNanoseconds: UInt64)
        /// The acquisition failed, or found nothing it could take.
        case acquisitionFailed
        /// A second has passed.
        case renewalDue
        /// Leases were renewed; the request was sent at the given boot time.
        case renewed(LeaseAnswer, sentAtNanoseconds: UInt64)
        /// The renewal failed.
        case renewalFailed
        /// A reminder was armed.
        case hinted(shard: Int16, due: WallInstant)
        /// The armed instant has come, or there was more to do.
        case ticked
        /// Somebody set the wall clock.
        case clockStepped
        /// A stage has committed.
        case staged(StageResult, StageRequest, took: Duration)
        /// A stage failed, or nobody knows whether it committed.
        case stageFailed(StageRequest)
        /// A page of what a former owner left in `outbox`; the last one says so.
        case recovered([StagedEvent], isLast: Bool)
        /// The outbox could not be read.
        case recoveryFailed
        /// Payloads that memory had no room for.
        case readBack([StagedEvent], of: [OutboxKey])
        /// They could not be read.
        case readBackFailed([OutboxKey])
        /// The transport has accepted these events, and their outbox rows are gone.
        case acknowledged([OutboxKey])
        /// A rollover was done, or has to be tried again.
        case rolledOver(OutboxKey, succeeded: Bool)
        /// Another engine has given shards back.
        case shardsFreed
        /// The engine is to stop: everything is handed over.
        case stopping
    }

    /// What is to be done.
    package enum Action: Sendable {
        /// Acquire shards that nobody holds.
        case acquire
        /// Renew the leases.
        case renew([StageRange])
        /// Stage.
        case stage(StageRequest)
        /// Read what a former owner left in `outbox`, after a key.
        case recover([ShardLease], after: OutboxKey?)
        /// Read payloads back.
        case readBack([OutboxKey])
        /// Release these events now.
        case release([ReleasedEvent])
        /// Create a successor.
        case rollOver(StagedEvent)
        /// Give these leases back: nothing of their shards is on its way any more.
        case giveBack([ShardLease])
        /// Wake up at this instant; nil: not before the next input.
        case arm(WallInstant?)
        /// Come back with `.ticked` as soon as other work has had its turn.
        case tickSoon
    }

    /// One stage on its way.
    package struct StageRequest: Sendable, Hashable {
        /// The shards, with the bound at which each scan starts.
        package var ranges: [StageRange]
        /// Up to when.
        package var horizon: WallInstant
        /// How many a shard at most.
        package var limit: Int
        /// Whether it catches up with what is overdue.
        package var isCatchUp: Bool

        /// Creates a request from its parts.
        package init(ranges: [StageRange], horizon: WallInstant, limit: Int, isCatchUp: Bool) {
            (self.ranges, self.horizon) = (ranges, horizon)
            (self.limit, self.isCatchUp) = (limit, isCatchUp)
        }
    }

    /// What is known of an owned shard.
    struct Shard {
        var lease: ShardLease
        /// The boot time until which it is good without a doubt.
        var deadline: UInt64
        /// Everything due before this has been staged; nil when nobody has looked yet.
        var floor: WallInstant?
        /// When the next reminder is due that is not staged.
        var nextDue: WallInstant?
        /// Where catching up with overdue reminders has got to; nil when there are none.
        var backlog: WallInstant?
        /// When a crowd is due that is too large for the ordinary lead.
        var herd: WallInstant?
        /// Whether all that a former owner left in `outbox` has been read.
        var isRecovered = false
        /// Whether it is being handed over: nothing of it is staged or released any more.
        var isLeaving = false
        /// When it was taken over, in nanoseconds of boot time.
        var takenOver: UInt64
    }

    let configuration: EngineConfiguration
    var wheel: TimingWheel<UInt32>
    var shards: [Int16: Shard] = [:]
    var staged = StagedEvents()
    var ready = ReadyQueue()
    /// Whose instant has come, and whose payload is still in the database.
    var spilled = ReadyQueue()
    var lead: StageLead
    var lookTimer: TimerID?
    var armed: WallInstant?

    /// The boot time until which the leases are good without a doubt.
    var leaseDeadline: UInt64 = 0
    /// Whether the epochs have been confirmed since the last doubt.
    var isConfirmed = false
    /// The boot time at which something long overdue last got on.
    var overdueGotOn: UInt64 = 0
    var lastBoot: UInt64
    /// What the renewal that is on its way asked for.
    var renewing: Set<ShardLease>?
    var isAcquiring = false
    var renewals = 0
    /// How many shards there are in all, once an acquisition or a renewal has told.
    let shardCount: Int
    /// How many engines share the shards, and for how many renewals it has been so many.
    var engines = 1
    var renewalsSinceEnginesChanged = 0
    var isStopping = false

    var stageInFlight: StageRequest?
    var hintsDuringStage: [Int16: WallInstant] = [:]
    /// The latest due of all that was released, by a wall clock that may have been set back since.
    var releasedUpTo = WallInstant(microsecondsSinceEpoch: .min)
    /// Events that must not come back with an answer that is still on its way.
    var tombstones: Set<OutboxKey> = []
    var recovering: [ShardLease]?
    /// What is to be read next, from its first page.
    var toRecover: Set<ShardLease> = []
    var readingBack = false
    var rollovers = 0
    var catchUpTokens: Double = 0
    var catchUpRefilled: UInt64

    /// Creates the machine of an engine that owns nothing yet.
    package init(configuration: EngineConfiguration, shardCount: Int, now: Moment) {
        self.configuration = configuration
        self.shardCount = shardCount
        wheel = TimingWheel(now: Tick(roundingDown: now.wall.microsecondsSinceEpoch))
        let fixed = configuration.fixedLead
        lead = StageLead(
            bounds: (fixed ?? configuration.minimumLead)...(fixed ?? configuration.maximumLead)
        )
        (lastBoot, catchUpRefilled) = (now.bootNanoseconds, now.bootNanoseconds)
    }

    /// Takes one input and says what is to be done.
    package mutating func handle(_ input: Input, at now: Moment) -> [Action] {
        var actions: [Action] = []
        doubtLateTurn(at: now, &actions)
        switch input {
        case .started: acquire(&actions)
        case .acquired(let answer, let sent): acquired(answer, sentAt: sent, at: now, &actions)
        case .acquisitionFailed: isAcquiring = false
        case .renewalDue: renewalDue(at: now, &actions)
        case .renewed(let answer, let sent): renewed(answer, sentAt: sent, at: now, &actions)
        case .renewalFailed: renewing = nil
        case .hinted(let shard, let due): hinted(shard: shard, due: due)
        case .ticked: break
        case .clockStepped: doubt(at: now, &actions)
        case .staged(let result, let request, let took):
            lead.record(took)
            finished(request, with: result, at: now)
        case .stageFailed(let request): failed(request)
        case .recovered(let events, let isLast):
            recovered(events, isLast: isLast, at: now, &actions)
        case .recoveryFailed:
            recovering = nil
            spreadNetSoon()
            recoverNext(&actions)
        case .readBack(let events, let keys): readBack(events, of: keys)
        case .readBackFailed(let keys): readBack([], of: keys, retry: true)
        case .acknowledged(let keys): acknowledged(keys)
        case .rolledOver(let key, let succeeded):
            rolledOver(key, succeeded: succeeded, at: now)
        case .shardsFreed: acquire(&actions)
        case .stopping:
            isStopping = true
            leave(Array(shards.keys))
        }
        turnWheel(to: now)
        releaseReady(at: now, &actions)
        stageWhatIsDue(at: now, &actions)
        giveBackWhatHasLeft(&actions)
        forgetTombstones()
        rearm(at: now, &actions)
        return actions
    }

    /// Takes staged events back, after their outbox rows were deleted.
    ///
    /// - Returns: those that this engine has not released and never will, each with the lease under
    ///   which it says so. Nobody else has either, if that lease holds now that the rows are gone:
    ///   whoever takes the shard over finds nothing of them.
    package mutating func withdraw(
        _ keys: [OutboxKey],
        at now: Moment
    ) -> [OutboxKey: ShardLease] {
        var confirmed: [OutboxKey: ShardLease] = [:]
        for key in keys {
            guard let shard = shards[key.shard], withdraw(key, in: shard, at: now) else { continue }
            confirmed[key] = shard.lease
        }
        return confirmed
    }

    private mutating func withdraw(_ key: OutboxKey, in shard: Shard, at now: Moment) -> Bool {
        guard let position = staged.position(of: key) else {
            tombstones.insert(key)
            // Perhaps a former owner has it in memory, who trusts his lease until it has run out.
            let lease = UInt64(configuration.leaseMilliseconds) * 1_000_000
            guard now.bootNanoseconds &- shard.takenOver >= lease else { return false }
            // Perhaps a former owner released it, unless all that he left is known; or it was
            // released here, acknowledged and forgotten, unless nothing so late was.
            let due = WallInstant(utc: key.nominal)
            return shard.isRecovered && !shard.isLeaving && due > max(now.wall, releasedUpTo)
        }
        let slot = staged[position]
        guard slot.phase.isUnreleased else { return false }
        if let timer = slot.timer { wheel.cancel(timer) }
        staged.remove(at: position)
        tombstones.insert(key)
        return !slot.isRecovered && slot.epoch == shard.lease.epoch
    }

    private mutating func forgetTombstones() {
        guard stageInFlight == nil, recovering == nil, !readingBack else { return }
        tombstones.removeAll(keepingCapacity: true)
    }

    /// Asks to be woken when the wheel next has something to do.
    private mutating func rearm(at now: Moment, _ actions: inout [Action]) {
        let next = wheel.nextExpiration.map {
            WallInstant(microsecondsSinceEpoch: $0.microsecondsSinceEpoch)
        }
        guard next != armed else { return }
        armed = next
        actions.append(.arm(next))
    }

    /// Whether nothing that is due waits any more, as far as the owned shards have told.
    package func hasCaughtUp(at now: Moment) -> Bool {
        guard !isAcquiring, recovering == nil, stageInFlight == nil, !readingBack,
            rollovers == 0, staged.unacknowledged == 0
        else { return false }
        let isBehind = shards.values.contains { shard in
            shard.backlog != nil || shard.nextDue.map { $0 <= now.wall } ?? false
        }
        return !isBehind && staged.earliestDue.map { $0 > now.wall } ?? true
    }

    /// How many things it keeps in memory that it must not keep for ever.
    package var footprint: Int {
        staged.count + tombstones.count + toRecover.count + ready.count + spilled.count
            + hintsDuringStage.count
    }
}

/// Positions of staged events whose instant has come, first in, first out.
struct ReadyQueue {
    private var positions: [Int] = []
    private var head = 0

    /// How many wait.
    var count: Int { positions.count - head }

    /// Adds one at the end.
    mutating func append(_ position: Int) { positions.append(position) }

    /// Takes the first.
    mutating func popFirst() -> Int? {
        guard head < positions.count else { return nil }
        defer { head += 1 }
        let position = positions[head]
        if head > 4_096, head * 2 > positions.count {
            positions.removeFirst(head)
            head = 0
        }
        return position
    }
}
