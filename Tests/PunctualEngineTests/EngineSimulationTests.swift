// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualSimulation
import Testing

/// Engines on one database, whatever fails.
@Suite struct EngineSimulationTests {
    /// The seeds of this run: a few hundred, or as many as the environment says.
    private static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["PUNCTUAL_SIMULATION_FIRST_SEED"].flatMap { UInt64($0) } ?? 1
        let count = environment["PUNCTUAL_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 240
        return first..<first + count
    }()

    /// Every fourth seed each, so that they share the processors.
    @Test(arguments: 0..<4)
    func `keeps every promise, whatever fails`(part: Int) {
        for seed in Self.seeds.dropFirst(part) where (seed - Self.seeds.lowerBound) % 4 == part {
            if let failure = SimulationRun(seed: seed).failure {
                Issue.record("\(failure)")
                return
            }
        }
    }

    @Test func `goes the same way twice`() {
        for seed in Self.seeds.prefix(5) {
            #expect(SimulationRun(seed: seed).digest == SimulationRun(seed: seed).digest)
        }
    }

    @Test func `shrinks what fails to what is to blame`() {
        let culprit = Fate.sessionLost(process: 0, at: 7)
        var failing = Scenario(seed: 5)
        failing.fates.insert(culprit, at: failing.fates.count / 2)
        let smallest = ScenarioShrinker.shrink(failing) { $0.fates.contains(culprit) }
        #expect(smallest.fates == [culprit])
        #expect(smallest.orders.isEmpty)
    }
}
