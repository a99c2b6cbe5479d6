// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
internal import PunctualTime

// What the engine says of itself.
extension EngineStateMachine {
    /// How late a reminder is that should have been released long ago.
    private static let longOverdueMicroseconds: Int64 = 10_000_000
    /// For how long none of those may get on before the engine counts as stuck.
    private static let longestStandstill: UInt64 = 5_000_000_000

    /// What there is to say of the engine.
    package func status(at now: Moment) -> EngineStatus {
        var status = EngineStatus()
        status.shards = shards.count
        status.staged = staged.count - staged.unacknowledged
        status.unacknowledged = staged.unacknowledged
        let looks = shards.values.compactMap { $0.backlog ?? $0.nextDue }.min()
        status.nextDue = [looks, staged.earliestDue].compactMap { $0 }.min()
        if let due = status.nextDue {
            status.oldestOverdueMicroseconds = max(
                0,
                now.wall.microsecondsSinceEpoch - due.microsecondsSinceEpoch
            )
        }
        if !isConfirmed {
            status.unreadyReason = "the leases have not been confirmed by the database"
        } else if isStuck(status, at: now) {
            let seconds = status.oldestOverdueMicroseconds / 1_000_000
            status.unreadyReason =
                "a reminder has been overdue for \(seconds) s, and nothing so old gets on"
        }
        return status
    }

    /// Notes that something due at `due` has left, which matters if it was long overdue: catching up
    /// may take its time, but it gets on.
    mutating func gotOn(due: WallInstant, at now: Moment) {
        guard isLongOverdue(due, at: now) else { return }
        overdueGotOn = now.bootNanoseconds
    }

    /// Whether the oldest overdue only gets older, although the leases hold.
    private func isStuck(_ status: EngineStatus, at now: Moment) -> Bool {
        status.oldestOverdueMicroseconds > Self.longOverdueMicroseconds
            && now.bootNanoseconds > overdueGotOn + Self.longestStandstill
    }

    private func isLongOverdue(_ due: WallInstant, at now: Moment) -> Bool {
        now.wall.microsecondsSinceEpoch - due.microsecondsSinceEpoch > Self.longOverdueMicroseconds
    }
}
