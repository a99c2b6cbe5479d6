// SPDX-License-Identifier: Apache-2.0

/// What one seed came to.
package struct SimulationRun: Sendable {
    /// The seed.
    package var seed: UInt64
    /// What says whether two runs went the same way.
    package var digest: UInt64
    /// What the seed broke, and the smallest scenario that still does; nil when it broke nothing.
    package var failure: String?

    /// Runs a seed.
    ///
    /// One that breaks a promise is shrunk, and `trace` hears of every turn of the engines in it.
    package init(seed: UInt64, isShrunk: Bool = true, trace: ((String) -> Void)? = nil) {
        self.seed = seed
        let scenario = Scenario(seed: seed)
        let world = SimulatedWorld(scenario)
        world.live()
        digest = world.digest
        guard !world.violations.isEmpty else { return }
        let smallest = isShrunk ? ScenarioShrinker.shrink(scenario) : scenario
        if let trace {
            let world = SimulatedWorld(smallest)
            world.trace = trace
            world.live()
        }
        failure = """
            seed \(seed) broke a promise:
            \(world.violations.map { "  \($0)" }.joined(separator: "\n"))
            The smallest scenario that still does, of \(scenario.fates.count) fates and \
            \(scenario.orders.count) orders:
            \(smallest)
            It says:
            \(SimulatedWorld.violations(of: smallest).map { "  \($0)" }.joined(separator: "\n"))
            """
    }
}
