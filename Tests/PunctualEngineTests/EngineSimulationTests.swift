// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine
import PunctualTime
import Testing

@Suite struct EngineSimulationTests {
    @Test(arguments: 1...200)
    func `loses nothing and fires nothing early, whatever fails`(seed: Int) {
        let world = SimulatedWorld(seed: UInt64(seed))
        world.live(seconds: 60, count: 150)
        #expect(world.violations.isEmpty, "seed \(seed)")
    }

    @Test(arguments: 1...50)
    func `hands shards over without a repeat`(seed: Int) {
        let faults = SimulatedWorld.Faults(
            failure: 0,
            ambiguity: 0,
            clockSteps: false,
            crashes: false
        )
        let world = SimulatedWorld(seed: UInt64(seed), faults: faults)
        world.live(seconds: 60, count: 300)
        #expect(world.violations.isEmpty, "seed \(seed)")
        for (id, fate) in world.fates where !fate.isWithdrawn {
            #expect(fate.releases.count == 1, "seed \(seed), reminder \(id)")
        }
    }

    @Test(arguments: 1...20)
    func `fires each reminder once and on time when nothing fails`(seed: Int) {
        let faults = SimulatedWorld.Faults(
            failure: 0,
            ambiguity: 0,
            clockSteps: false,
            crashes: false,
            rebalances: false
        )
        let world = SimulatedWorld(seed: UInt64(seed), faults: faults)
        world.live(seconds: 60, count: 300)
        #expect(world.violations.isEmpty, "seed \(seed)")
        for (id, fate) in world.fates where !fate.isWithdrawn {
            #expect(fate.releases.count == 1, "seed \(seed), reminder \(id)")
        }
        // Armed early enough to be staged, it is late by a tick at most, or by a read-back.
        let late = world.fates.values.filter { fate in
            fate.due - fate.armed > 2_000_000
                && (fate.releases.first ?? fate.due) - fate.due > 100_000
        }
        #expect(late.isEmpty, "seed \(seed): \(late.count) late")
    }
}
