// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What the loop tells about itself, readable from any thread.
final class LoopMeter: Sendable {
    private let turns = Atomic<UInt64>(0)
    private let lastTurnNanoseconds = Atomic<UInt64>(0)
    private let longestTurnNanoseconds = Atomic<UInt64>(0)

    var completedTurns: UInt64 { turns.load(ordering: .acquiring) }
    var lastTurn: UInt64 { lastTurnNanoseconds.load(ordering: .acquiring) }

    /// Records that a turn ended at `instant`, of which it was busy for `nanoseconds`.
    func turnCompleted(at instant: UInt64, busyFor nanoseconds: UInt64) {
        lastTurnNanoseconds.store(instant, ordering: .releasing)
        turns.wrappingAdd(1, ordering: .releasing)
        longestTurnNanoseconds.max(nanoseconds, ordering: .relaxed)
    }

    /// The longest turn since the last call.
    func takeLongestTurn() -> UInt64 {
        longestTurnNanoseconds.exchange(0, ordering: .relaxed)
    }
}
