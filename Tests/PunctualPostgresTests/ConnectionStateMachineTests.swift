// SPDX-License-Identifier: Apache-2.0

internal import Testing

@testable import PunctualPostgres

@Suite struct ConnectionStateMachineTests {
    typealias Machine = ConnectionStateMachine<String, Int>
    private let one = [
        (statement: PostgresStatement(name: "one", sql: "SELECT 1"), types: [UInt32]())
    ]

    private func server(_ state: String) -> PostgresError {
        .server(state: state, serverMessage: nil)
    }

    @Test func `prepares a statement at its first use only`() {
        var machine = Machine()
        let first = machine.send("a", one)
        let second = machine.send("b", one)
        #expect(
            first == [
                .prepare(command: 0, serverName: "s1"), .execute(command: 0, serverName: "s1"),
            ]
        )
        #expect(second == [.execute(command: 0, serverName: "s1")])
    }

    @Test func `prepares anew when the types of the parameters change`() {
        var machine = Machine()
        _ = machine.send("a", one)
        let steps = machine.send("b", [(one[0].statement, [20])])
        #expect(steps.first == .prepare(command: 0, serverName: "s2"))
    }

    @Test func `finishes a request by its Sync alone`() throws {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.received(.completed(0))
        _ = machine.received(.completed(7))
        guard case .succeeded("a", [7])? = machine.received(.synchronised) else {
            Issue.record("not finished")
            return
        }
        #expect(machine.load == 0)
    }

    @Test func `forgets a statement whose preparation failed, and spares what follows`() {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.send("b", [(PostgresStatement(sql: "SELECT 2"), [])])
        _ = machine.received(.failed(server("42601"), isFatal: false))
        _ = machine.received(.skipped)
        guard case .failed("a", let error)? = machine.received(.synchronised) else {
            Issue.record("not failed")
            return
        }
        #expect(error.sqlState == "42601")
        _ = machine.received(.completed(2))
        guard case .succeeded("b", [2])? = machine.received(.synchronised) else {
            Issue.record("the next request suffered")
            return
        }
        let steps = machine.send("c", one)
        #expect(steps.first == .prepare(command: 0, serverName: "s2"))
    }

    @Test(arguments: ["26000", "0A000"]) func `calls a plan stale that was prepared before`(
        state: String
    ) {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.received(.completed(0))
        _ = machine.received(.completed(1))
        _ = machine.received(.synchronised)
        _ = machine.send("b", one)
        _ = machine.received(.failed(server(state), isFatal: false))
        guard case .stale("b", _)? = machine.received(.synchronised) else {
            Issue.record("not stale")
            return
        }
        // The same error of a plan that is new is an ordinary one.
        _ = machine.send("c", one)
        _ = machine.received(.completed(0))
        _ = machine.received(.failed(server(state), isFatal: false))
        guard case .failed("c", _)? = machine.received(.synchronised) else {
            Issue.record("stale although new")
            return
        }
    }

    @Test func `a loss without a word is ambiguous for all that was sent`() {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.send("b", one)
        let lost = machine.lost()
        #expect(lost.map(\.1.isAmbiguous) == [true, true])
        #expect(machine.load == 0)
    }

    @Test func `a loss that the server announced spares what was not done`() {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.send("b", one)
        _ = machine.received(.completed(0))
        _ = machine.received(.failed(server("57P01"), isFatal: true))
        let lost = machine.lost()
        #expect(lost.map(\.1.isAmbiguous) == [false, false])
        #expect(lost.map(\.1.isRetriable) == [true, true])
    }

    @Test func `a request that was done before the announced loss is ambiguous`() {
        var machine = Machine()
        _ = machine.send("a", one)
        _ = machine.send("b", one)
        _ = machine.received(.completed(0))
        _ = machine.received(.completed(1))
        _ = machine.received(.failed(server("57P01"), isFatal: true))
        let lost = machine.lost()
        #expect(lost.map(\.1.isAmbiguous) == [true, false])
    }

    @Test func `sends more than the most prepared statements unprepared`() {
        var machine = Machine()
        for number in 0..<Machine.maximumPrepared {
            _ = machine.send("", [(PostgresStatement(name: "n\(number)", sql: ""), [])])
        }
        let steps = machine.send("last", one)
        #expect(steps == [.executeUnprepared(command: 0)])
    }
}
