// SPDX-License-Identifier: Apache-2.0

/// One misfortune of a scenario, as data: printed it is Swift that makes it happen again.
///
/// Times are microseconds, `at` counted from the start of the scenario.
package enum Fate: Sendable, Hashable {
    /// A process dies. The database notices at once, or only by its lease; it comes back later.
    case crash(process: Int, at: Int64, isNoticed: Bool, back: Int64)
    /// A process is told to stop, hands over, and comes back later.
    case stop(process: Int, at: Int64, back: Int64)
    /// A process stands still while the clocks go on.
    case suspend(process: Int, at: Int64, lasting: Int64)
    /// Somebody sets a host's wall clock.
    case clockStep(process: Int, at: Int64, by: Int64)
    /// Nothing passes between a process and the database.
    case cutOff(process: Int, at: Int64, lasting: Int64)
    /// The session by which others see that a process lives is gone, and the process lives.
    case sessionLost(process: Int, at: Int64)
    /// The database is down for all.
    case databaseDown(at: Int64, lasting: Int64)
    /// The transport of a process accepts nothing.
    case sinkDown(process: Int, at: Int64, lasting: Int64)
    /// A process finds a tzdata by which some reminders are due at another instant.
    case newTzdata(process: Int, at: Int64, by: Int64)
    /// The hint that follows an order never arrives.
    case hintLost(order: Int64)
    /// Something happens to one statement of a process, counted by kind from 0.
    case mishap(process: Int, statement: StatementKind, number: Int, Mishap)

    /// The process that it concerns, unless it is all of them.
    var process: Int? {
        switch self {
        case .crash(let process, _, _, _), .stop(let process, _, _),
            .suspend(let process, _, _), .clockStep(let process, _, _),
            .cutOff(let process, _, _), .sessionLost(let process, _),
            .sinkDown(let process, _, _), .newTzdata(let process, _, _),
            .mishap(let process, _, _, _):
            process
        case .databaseDown, .hintLost: nil
        }
    }
}

/// What a process asks of the database.
package enum StatementKind: String, Sendable, Hashable, CaseIterable {
    case acquire, renew, giveBack, stage, recover, readBack, acknowledge, change, rollOver, publish,
        confirm
}

/// What happens to one statement.
///
/// It travels to the database, takes effect, and its answer travels back. A process may die at each
/// of the points where it waits.
package enum Mishap: Sendable, Hashable {
    /// It fails without effect.
    case refused
    /// It takes effect and looks failed.
    case answerLost
    /// It is late on its way there, and its answer on the way back.
    case late(there: Int64, back: Int64)
    /// It looks failed, and takes effect afterwards.
    case effectLate(Int64)
    /// It takes effect a second time, so much later.
    case twice(Int64)
    /// The process dies before the statement leaves it.
    case crashBefore
    /// The process dies once it has taken effect, before the answer is there.
    case crashDuring
    /// The process dies with the answer in its hands.
    case crashAfter
    /// The process stands still from when it has sent the statement.
    case suspendedAfterSending(Int64)
    /// The process stands still from when the statement has taken effect; the answer waits for it.
    case suspendedBeforeAnswer(Int64)
}
