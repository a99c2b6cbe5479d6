// SPDX-License-Identifier: Apache-2.0

extension Scenario {
    /// The scenario of a seed.
    ///
    /// Each seed uses some kinds of fates only, few or many, so that rare ones meet one another
    /// and are not always drowned by the same.
    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let traits = WorldTraits(drawnFrom: &random)
        let orders = Order.draw(in: traits, from: &random)
        let fates = Fate.draw(in: traits, orders: orders, from: &random)
        self.init(seed: seed, traits: traits, orders: orders, fates: fates)
    }

    /// The same without anything that goes wrong.
    package var withoutFates: Scenario {
        Scenario(seed: seed, traits: traits, orders: orders, fates: [])
    }
}

extension WorldTraits {
    fileprivate init(drawnFrom random: inout SeededGenerator) {
        self.init()
        processes = random.one(of: [1, 2, 2, 3, 4])
        shards = random.one(of: [2, 4, 6])
        slowest = random.one(of: [5_000, 20_000, 20_000, 100_000, 400_000])
        page = random.one(of: [3, 10, 50])
        stageLimit = random.one(of: [5, 20, 100])
        releaseLimit = random.one(of: [2, 16, 256])
        stagedBytes = random.one(of: [0, 500, 20_000])
        maximumStaged = random.one(of: [30, 1_000, 1_000])
        maximumUnacknowledged = random.one(of: [10, 1_000, 1_000])
        isImmediate = random.once(in: 2)
        span = random.one(of: [20, 30, 45] as [Int64]) * 1_000_000
    }
}

extension Order {
    fileprivate static func draw(
        in traits: WorldTraits,
        from random: inout SeededGenerator
    ) -> [Order] {
        var orders: [Order] = []
        let herds = (0..<3).map { _ in random.below(traits.span / 1_000_000 + 10) * 1_000_000 }
        for task in 1...(10 + random.below(50)) {
            let at = random.below(traits.span)
            let due = drawDue(armedAt: at, herds: herds, from: &random)
            let arm = Deed.arm(
                shard: Int16(random.below(Int64(traits.shards))),
                due: due,
                TaskTraits(
                    successors: random.once(in: 8) ? Int(1 + random.below(3)) : 0,
                    period: 3_000_000 + random.below(15_000_000),
                    isZoned: random.once(in: 6),
                    isPublished: random.once(in: 4),
                    skipAfterMilliseconds: random.once(in: 12) ? 5_000 : nil
                )
            )
            func add(_ deed: Deed, at: Int64) {
                let process = Int(random.below(Int64(traits.processes)))
                let id = Int64(orders.count)
                orders.append(Order(id: id, task: task, at: at, process: process, deed: deed))
            }
            add(arm, at: at)
            // At the worst moment: while it is staged, or about to fire.
            let soon =
                random.once(in: 2) ? due - random.below(500_000) : at + random.below(2_000_000)
            let moment = random.once(in: 3) ? at + random.below(20_000_000) : max(at, soon)
            if random.once(in: 4) {
                add(.withdraw, at: moment)
            } else if random.once(in: 8) {
                add(.move(due: moment + random.below(20_000_000) - 1_000_000), at: moment)
            }
        }
        return orders.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    private static func drawDue(
        armedAt at: Int64,
        herds: [Int64],
        from random: inout SeededGenerator
    ) -> Int64 {
        switch random.below(20) {
        case 0..<5: random.one(of: herds)
        case 5..<8: at + random.below(1_000_000)
        case 8: at - random.below(2_000_000)
        case 9 where random.once(in: 2):
            // Hours to three years: the exponent is drawn.
            at + (3_600_000_000 << random.below(15)) + random.below(1_000_000_000)
        default: at + random.below(25_000_000)
        }
    }
}
