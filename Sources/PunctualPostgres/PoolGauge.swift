// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How busy a pool is.
package struct PoolUsage: Sendable, Hashable {
    /// Connections that stand.
    package let standing: Int
    /// Connections that serve somebody.
    package let inUse: Int
    /// Statements and sessions that wait for a connection.
    package let waiting: Int
}

/// The pool's figures, for readers on other threads.
final class PoolGauge: Sendable {
    private let standingCount = Atomic<Int>(0)
    private let inUseCount = Atomic<Int>(0)
    private let waitingCount = Atomic<Int>(0)

    var standing: Int { standingCount.load(ordering: .relaxed) }
    var inUse: Int { inUseCount.load(ordering: .relaxed) }
    var waiting: Int { waitingCount.load(ordering: .relaxed) }

    func set(standing: Int, inUse: Int, waiting: Int) {
        standingCount.store(standing, ordering: .relaxed)
        inUseCount.store(inUse, ordering: .relaxed)
        waitingCount.store(waiting, ordering: .relaxed)
    }
}
