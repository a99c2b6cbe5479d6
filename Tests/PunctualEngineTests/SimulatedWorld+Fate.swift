// SPDX-License-Identifier: Apache-2.0

import PunctualCore

extension SimulatedWorld {
    /// One reminder and what became of it.
    struct Fate {
        var due: Int64
        var isWithdrawn = false
        var releases: [Int64] = []
        var ids: Set<EventID> = []
        var isLogged = false
        /// When it was armed, by the wall clock.
        var armed: Int64
    }

    /// Which misfortunes happen.
    struct Faults {
        var failure = 0.02
        var ambiguity = 0.02
        var clockSteps = true
        var crashes = true
        var rebalances = true
    }
}
