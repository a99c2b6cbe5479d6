// SPDX-License-Identifier: Apache-2.0

/// Decides which connection serves whom, and which connections to open.
///
/// A statement goes to an idle connection, or else to the least loaded that may take one more, or
/// else it waits. A session needs a connection of its own: an idle one, or one that is drained
/// for it. While no connection stands, only one attempt at a time is made to open one.
struct PoolStateMachine<Statement: AnyObject, Session: AnyObject> {
    /// One place for a connection.
    enum Slot: Equatable {
        case closed
        case opening
        /// Resting after a failure.
        case backingOff
        /// Serving `load` statements; takes no more if it drains for a session.
        case shared(load: Int, isDraining: Bool)
        /// Serving one session.
        case leased
    }

    /// What to do next.
    enum Assignment {
        case send(Statement, slot: Int)
        case lease(Session, slot: Int)
    }

    private(set) var slots: [Slot]
    private(set) var statements = WaitingLine<Statement>()
    private(set) var sessions = WaitingLine<Session>()
    private let pipelineDepth: Int
    private let maximumWaiting: Int
    private var failures = 0

    init(slots: Int, pipelineDepth: Int, maximumWaiting: Int) {
        self.slots = Array(repeating: .closed, count: slots)
        self.pipelineDepth = pipelineDepth
        self.maximumWaiting = maximumWaiting
    }

    /// How many wait for a connection.
    var waiting: Int { statements.count + sessions.count }
    /// How many connections stand.
    var standing: Int { slots.count { $0.isStanding } }
    /// How many connections serve somebody.
    var inUse: Int { slots.count { $0.isStanding && !$0.isIdle } }

    /// - Returns: false if too many wait already.
    mutating func wait(_ statement: Statement) -> Bool {
        guard waiting < maximumWaiting else { return false }
        statements.append(statement)
        return true
    }

    /// - Returns: false if too many wait already.
    mutating func wait(_ session: Session) -> Bool {
        guard waiting < maximumWaiting else { return false }
        sessions.append(session)
        return true
    }

    /// Forgets one that waits; returns false if it does not wait any more.
    mutating func forget(_ statement: Statement) -> Bool { statements.remove(statement) }

    /// Forgets one that waits; returns false if it does not wait any more.
    mutating func forget(_ session: Session) -> Bool {
        defer { stopDrainingIfNobodyWaits() }
        return sessions.remove(session)
    }

    /// Forgets and returns all that wait and for which `isExpired` is true.
    mutating func expire(
        statements isExpired: (Statement) -> Bool,
        sessions isExpiredSession: (Session) -> Bool
    ) -> ([Statement], [Session]) {
        let expired = (
            statements.removeAll(where: isExpired), sessions.removeAll(where: isExpiredSession)
        )
        stopDrainingIfNobodyWaits()
        return expired
    }

    /// The next of those who wait that can be served now.
    mutating func next() -> Assignment? {
        if !sessions.isEmpty {
            if let slot = slots.firstIndex(where: { $0.isIdle }), let session = sessions.popFirst()
            {
                slots[slot] = .leased
                return .lease(session, slot: slot)
            }
            drainOne()
        }
        guard !statements.isEmpty, let slot = leastLoaded(), let statement = statements.popFirst()
        else { return nil }
        if case .shared(let load, _) = slots[slot] {
            slots[slot] = .shared(load: load + 1, isDraining: false)
        }
        return .send(statement, slot: slot)
    }

    /// A statement on a shared connection is finished.
    mutating func finished(slot: Int) {
        guard case .shared(let load, let isDraining) = slots[slot] else { return }
        slots[slot] = .shared(load: max(0, load - 1), isDraining: isDraining)
    }

    /// A session gives its connection back.
    mutating func returned(slot: Int) {
        if slots[slot] == .leased { slots[slot] = .shared(load: 0, isDraining: false) }
    }

    // MARK: Opening

    /// The slots to open a connection for, which count as opening from now on.
    mutating func slotsToOpen() -> [Int] {
        let closed = slots.indices.filter { slots[$0] == .closed }
        let isTrying = slots.contains { $0 == .opening || $0 == .backingOff }
        let chosen = standing > 0 ? closed : isTrying ? [] : Array(closed.prefix(1))
        for slot in chosen { slots[slot] = .opening }
        return chosen
    }

    /// A connection stands.
    mutating func opened(slot: Int) {
        failures = 0
        slots[slot] = .shared(load: 0, isDraining: false)
    }

    /// An attempt failed.
    ///
    /// - Returns: how often that happened in a row, from 0.
    mutating func openingFailed(slot: Int) -> Int {
        slots[slot] = .backingOff
        defer { failures += 1 }
        return failures
    }

    /// A connection broke, or has rested long enough after a failure.
    mutating func closed(slot: Int) {
        slots[slot] = .closed
    }

    // MARK: Choosing

    private func leastLoaded() -> Int? {
        var best: (slot: Int, load: Int)?
        for (index, slot) in slots.enumerated() {
            guard case .shared(let load, isDraining: false) = slot, load < pipelineDepth,
                load < best?.load ?? .max
            else { continue }
            best = (index, load)
        }
        return best?.slot
    }

    private mutating func drainOne() {
        let isDraining = slots.contains { if case .shared(_, true) = $0 { true } else { false } }
        guard !isDraining else { return }
        var best: (slot: Int, load: Int)?
        for (index, slot) in slots.enumerated() {
            if case .shared(let load, _) = slot, load < best?.load ?? .max { best = (index, load) }
        }
        if let best { slots[best.slot] = .shared(load: best.load, isDraining: true) }
    }

    private mutating func stopDrainingIfNobodyWaits() {
        guard sessions.isEmpty else { return }
        for (index, slot) in slots.enumerated() {
            if case .shared(let load, true) = slot {
                slots[index] = .shared(load: load, isDraining: false)
            }
        }
    }
}

extension PoolStateMachine.Slot {
    var isStanding: Bool {
        switch self {
        case .shared, .leased: true
        case .closed, .opening, .backingOff: false
        }
    }

    var isIdle: Bool {
        if case .shared(load: 0, _) = self { true } else { false }
    }
}

/// First in, first out, with removal from the middle; a removed one leaves a hole.
struct WaitingLine<Element: AnyObject> {
    private var elements: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
        count += 1
    }

    mutating func popFirst() -> Element? {
        while head < elements.count {
            defer { advance() }
            if let element = elements[head] {
                count -= 1
                return element
            }
        }
        return nil
    }

    /// Returns false if the element is not in line.
    mutating func remove(_ element: Element) -> Bool {
        guard
            let index = elements.indices.dropFirst(head).first(where: { elements[$0] === element })
        else { return false }
        elements[index] = nil
        count -= 1
        return true
    }

    /// Removes and returns all for which `shouldRemove` is true.
    mutating func removeAll(where shouldRemove: (Element) -> Bool) -> [Element] {
        let standing = elements[head...].compactMap(\.self)
        let removed = standing.filter(shouldRemove)
        guard !removed.isEmpty else { return [] }
        elements = standing.filter { !shouldRemove($0) }
        head = 0
        count = elements.count
        return removed
    }

    private mutating func advance() {
        elements[head] = nil
        head += 1
        // Moves the rest up once half of the buffer is behind the head: constant on average.
        if head > 32, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
