// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime
internal import PunctualWheel

// From the stage to the acknowledgement.
extension EngineStateMachine {
    /// Puts a staged event where it waits for its instant; one that is known already is ignored.
    mutating func admit(_ event: StagedEvent, epoch: Int64, isRecovered: Bool, at now: Moment) {
        guard staged.position(of: event.key) == nil, !tombstones.contains(event.key)
        else { return }
        let position = staged.add(
            .init(
                event: event,
                epoch: epoch,
                phase: .waiting,
                isRecovered: isRecovered,
                isSpilled: false,
                timer: nil
            ),
            maximumBytes: configuration.maximumStagedBytes
        )
        wait(position)
    }

    /// Lets an event wait in the wheel, or in the queue when its tick has come.
    private mutating func wait(_ position: Int) {
        let due = Tick(roundingUp: staged[position].event.due.microsecondsSinceEpoch)
        // The wheel refuses only what has elapsed, and what lies beyond its thousand years.
        if let timer = try? wheel.insert(UInt32(position), at: due) {
            staged[position].timer = timer
            staged[position].phase = .waiting
        } else {
            staged[position].timer = nil
            staged[position].phase = .ready
            ready.append(position)
        }
    }

    /// Moves the wheel to the present, back if the wall clock was set back.
    mutating func turnWheel(to now: Moment) {
        let tick = Tick(roundingDown: now.wall.microsecondsSinceEpoch)
        if tick < wheel.now { wheel.reset(now: tick) }
        var fired: [UInt32] = []
        wheel.advance(to: tick) { fired.append($0) }
        for payload in fired {
            guard payload != Self.look else {
                lookTimer = nil
                continue
            }
            staged[Int(payload)].timer = nil
            staged[Int(payload)].phase = .ready
            ready.append(Int(payload))
        }
    }

    /// Releases what is ready, a bounded batch a turn, unless the leases are in doubt.
    mutating func releaseReady(at now: Moment, _ actions: inout [Action]) {
        guard isConfirmed else { return }
        var batch: [ReleasedEvent] = []
        var postponed: [Int] = []
        for _ in 0..<min(ready.count, configuration.releaseLimit) {
            guard let position = ready.popFirst() else { break }
            guard staged.isTaken(position), staged[position].phase == .ready else { continue }
            let slot = staged[position]
            if slot.event.due > now.wall {
                wait(position)  // The wall clock was set back while it stood in the queue.
            } else if slot.event.type == .rollover {
                rollOver(position, &postponed, &actions)
            } else if slot.isSpilled {
                staged[position].phase = .reading
                spilled.append(position)
            } else {
                staged[position].phase = .released
                releasedUpTo = max(releasedUpTo, slot.event.due)
                gotOn(due: slot.event.due, at: now)
                batch.append(slot.event.released(at: now.wall, epoch: slot.epoch))
            }
        }
        for position in postponed { ready.append(position) }
        readBackSpilled(&actions)
        if !batch.isEmpty { actions.append(.release(batch)) }
        if ready.count > postponed.count { actions.append(.tickSoon) }
    }

    /// Asks for the payloads that memory had no room for, as many at a time as a stage moves.
    private mutating func readBackSpilled(_ actions: inout [Action]) {
        guard !readingBack else { return }
        var keys: [OutboxKey] = []
        while keys.count < configuration.stageLimit, let position = spilled.popFirst() {
            guard staged.isTaken(position), staged[position].phase == .reading else { continue }
            keys.append(staged[position].event.key)
        }
        guard !keys.isEmpty else { return }
        readingBack = true
        actions.append(.readBack(keys))
    }

    private mutating func rollOver(
        _ position: Int,
        _ postponed: inout [Int],
        _ actions: inout [Action]
    ) {
        guard rollovers < configuration.maximumRollovers else { return postponed.append(position) }
        rollovers += 1
        staged[position].phase = .rollingOver
        actions.append(.rollOver(staged[position].event))
    }

    /// Forgets a rollover that is done; another try is due in a second otherwise.
    mutating func rolledOver(_ key: OutboxKey, succeeded: Bool, at now: Moment) {
        rollovers -= 1
        guard let position = staged.position(of: key) else { return }
        if succeeded {
            gotOn(due: staged[position].event.due, at: now)
            bury(key)
            staged.remove(at: position)
        } else {
            let retry = Tick(roundingUp: now.wall.microsecondsSinceEpoch + 1_000_000)
            staged[position].timer = try? wheel.insert(UInt32(position), at: retry)
            staged[position].phase = .waiting
        }
    }

    /// Puts payloads back where memory had no room for them; what is gone was withdrawn.
    mutating func readBack(_ events: [StagedEvent], of keys: [OutboxKey], retry: Bool = false) {
        readingBack = false
        let found = Dictionary(events.map { ($0.key, $0) }) { first, _ in first }
        for key in keys {
            guard let position = staged.position(of: key), staged[position].phase == .reading
            else { continue }
            if let event = found[key] {
                staged[position].event = event
                staged[position].isSpilled = false
            } else if !retry {
                staged.remove(at: position)
                continue
            }
            staged[position].phase = .ready
            ready.append(position)
        }
    }

    /// Forgets events that the transport has accepted.
    mutating func acknowledged(_ keys: [OutboxKey]) {
        for key in keys {
            guard let position = staged.position(of: key) else { continue }
            bury(key)
            staged.remove(at: position)
        }
    }

    /// Keeps an event from coming back with a page of `outbox` that was read before it left.
    private mutating func bury(_ key: OutboxKey) {
        if recovering != nil || stageInFlight != nil { tombstones.insert(key) }
    }
}
