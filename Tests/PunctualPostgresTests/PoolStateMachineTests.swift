// SPDX-License-Identifier: Apache-2.0

internal import Testing

@testable import PunctualPostgres

private final class Statement {}
private final class Session {}

@Suite struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine<Statement, Session>

    private func machine(slots: Int, standing: Int, depth: Int = 2, waiting: Int = 8) -> Machine {
        var machine = Machine(slots: slots, pipelineDepth: depth, maximumWaiting: waiting)
        for slot in 0..<standing { machine.opened(slot: slot) }
        return machine
    }

    /// Expects that the next statements and sessions are assigned to these slots.
    private func expectServed(
        _ machine: inout Machine,
        _ expected: [Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var slots: [Int] = []
        while let assignment = machine.next() {
            switch assignment {
            case .send(_, let slot), .lease(_, let slot): slots.append(slot)
            }
        }
        #expect(slots == expected, sourceLocation: sourceLocation)
    }

    @Test func `takes idle connections first, then the least loaded up to the depth`() {
        var machine = machine(slots: 3, standing: 2)
        for _ in 0..<6 { _ = machine.wait(Statement()) }
        expectServed(&machine, [0, 1, 0, 1])
        #expect(machine.waiting == 2)
        machine.finished(slot: 1)
        expectServed(&machine, [1])
    }

    @Test func `refuses what exceeds the bound`() {
        var machine = machine(slots: 1, standing: 0, waiting: 2)
        let answers = [
            machine.wait(Statement()), machine.wait(Session()), machine.wait(Statement()),
            machine.wait(Session()),
        ]
        #expect(answers == [true, true, false, false])
    }

    @Test func `drains the least loaded connection for a session`() {
        var machine = machine(slots: 2, standing: 2)
        for _ in 0..<3 { _ = machine.wait(Statement()) }
        expectServed(&machine, [0, 1, 0])
        _ = machine.wait(Session())
        _ = machine.wait(Statement())
        expectServed(&machine, [])
        machine.finished(slot: 1)
        expectServed(&machine, [1])
        machine.finished(slot: 0)
        expectServed(&machine, [0])
        machine.returned(slot: 1)
        #expect(machine.slots[1] == .shared(load: 0, isDraining: false))
    }

    @Test func `stops draining when the session does not wait any more`() {
        var machine = machine(slots: 1, standing: 1)
        _ = machine.wait(Statement())
        expectServed(&machine, [0])
        let session = Session()
        _ = machine.wait(session)
        expectServed(&machine, [])
        let wasForgotten = [machine.forget(session), machine.forget(session)]
        #expect(wasForgotten == [true, false])
        _ = machine.wait(Statement())
        expectServed(&machine, [0])
    }

    @Test func `makes one attempt at a time while nothing stands, then opens all`() {
        var machine = machine(slots: 3, standing: 0)
        var opening = [machine.slotsToOpen(), machine.slotsToOpen()]
        #expect(opening == [[0], []])
        var failures = [machine.openingFailed(slot: 0)]
        opening = [machine.slotsToOpen()]
        #expect(opening == [[]])
        machine.closed(slot: 0)
        opening = [machine.slotsToOpen()]
        #expect(opening == [[0]])
        failures.append(machine.openingFailed(slot: 0))
        machine.closed(slot: 0)
        opening = [machine.slotsToOpen()]
        machine.opened(slot: 0)
        opening.append(machine.slotsToOpen())
        #expect(opening == [[0], [1, 2]])
        failures.append(machine.openingFailed(slot: 1))
        #expect(failures == [0, 1, 0])
    }

    @Test func `a waiting line keeps its order through removals`() {
        var line = WaitingLine<Statement>()
        let all = (0..<1_000).map { _ in Statement() }
        for statement in all { line.append(statement) }
        for index in stride(from: 0, to: 1_000, by: 3) { _ = line.remove(all[index]) }
        #expect(line.count == 666)
        var popped: [Statement] = []
        while let statement = line.popFirst() { popped.append(statement) }
        let expected = all.indices.filter { $0 % 3 != 0 }.map { all[$0] }
        #expect(popped.map(ObjectIdentifier.init) == expected.map(ObjectIdentifier.init))
        #expect(line.isEmpty)
    }
}
