// SPDX-License-Identifier: Apache-2.0

import PunctualSimulation
import Testing

/// What the simulation has found, as it printed it; `docs/SIMULATION.md` tells the stories.
@Suite struct FoundScenarioTests {
    private func expectPromisesKept(_ scenario: Scenario) {
        let violations = SimulatedWorld.violations(of: scenario)
        #expect(violations.isEmpty, "\(scenario)")
    }

    @Test func `a former owner confirms no withdrawal`() {
        var traits = WorldTraits()
        traits.processes = 2
        traits.shards = 2
        traits.page = 3
        traits.stagedBytes = 500
        traits.span = 20_000_000
        let scenario = Scenario(
            seed: 130,
            traits: traits,
            orders: [
                Order(
                    id: 22,
                    task: 17,
                    at: 1_711_398,
                    process: 0,
                    deed: .arm(shard: 1, due: 12_000_000, TaskTraits())
                ),
                Order(
                    id: 64,
                    task: 48,
                    at: 10_148_811,
                    process: 1,
                    deed: .arm(shard: 0, due: 12_000_000, TaskTraits())
                ),
                Order(id: 65, task: 48, at: 11_900_839, process: 0, deed: .withdraw),
            ],
            fates: [.cutOff(process: 0, at: 8_102_775, lasting: 1_368_618)]
        )
        expectPromisesKept(scenario)
    }

    @Test func `an answer that comes after the lease has run out releases nothing`() {
        var traits = WorldTraits()
        traits.processes = 2
        traits.slowest = 400_000
        traits.page = 10
        traits.stageLimit = 20
        traits.releaseLimit = 16
        traits.isImmediate = false
        traits.span = 45_000_000
        let series = TaskTraits(successors: 3, period: 13_820_222)
        let scenario = Scenario(
            seed: 3_062,
            traits: traits,
            orders: [
                Order(
                    id: 20,
                    task: 16,
                    at: 4_329_886,
                    process: 0,
                    deed: .arm(shard: 3, due: 47_000_000, series)
                ),
                Order(id: 21, task: 16, at: 23_822_022, process: 0, deed: .move(due: 31_713_959)),
                Order(
                    id: 41,
                    task: 33,
                    at: 39_778_530,
                    process: 1,
                    deed: .arm(shard: 2, due: 41_266_472, TaskTraits())
                ),
            ],
            fates: [.suspend(process: 1, at: 41_773_173, lasting: 13_301_388)]
        )
        expectPromisesKept(scenario)
    }

    @Test func `a lost hint costs a second although staging is far ahead`() {
        var traits = WorldTraits()
        traits.processes = 3
        traits.shards = 6
        traits.slowest = 400_000
        traits.page = 10
        traits.stageLimit = 5
        traits.releaseLimit = 16
        traits.isImmediate = false
        traits.span = 20_000_000
        let scenario = Scenario(
            seed: 5_400,
            traits: traits,
            orders: [
                Order(
                    id: 57,
                    task: 48,
                    at: 11_864_744,
                    process: 0,
                    deed: .arm(shard: 5, due: 12_424_647, TaskTraits(isPublished: true))
                ),
                Order(
                    id: 44,
                    task: 37,
                    at: 11_933_077,
                    process: 2,
                    deed: .arm(shard: 5, due: 19_900_531, TaskTraits(isPublished: true))
                ),
                Order(
                    id: 29,
                    task: 26,
                    at: 12_647_839,
                    process: 1,
                    deed: .arm(shard: 4, due: 12_000_000, TaskTraits())
                ),
                Order(
                    id: 26,
                    task: 23,
                    at: 18_226_339,
                    process: 0,
                    deed: .arm(shard: 5, due: 12_000_000, TaskTraits())
                ),
            ],
            fates: []
        )
        expectPromisesKept(scenario)
    }

    @Test func `a shard that is taken anew is not counted twice`() {
        var traits = WorldTraits()
        traits.processes = 4
        traits.shards = 6
        traits.slowest = 5_000
        traits.page = 10
        traits.releaseLimit = 16
        traits.span = 45_000_000
        let scenario = Scenario(
            seed: 4_777,
            traits: traits,
            orders: [],
            fates: [
                .databaseDown(at: 11_573_896, lasting: 8_777_784),
                .stop(process: 3, at: 20_910_266, back: 5_370_823),
            ]
        )
        expectPromisesKept(scenario)
    }
}
