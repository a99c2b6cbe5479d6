// SPDX-License-Identifier: Apache-2.0

extension Fate {
    /// The fates of a seed, in the order of their kinds.
    static func draw(
        in traits: WorldTraits,
        orders: [Order],
        from random: inout SeededGenerator
    ) -> [Fate] {
        guard !random.once(in: 12) else { return [] }
        let kinds = (0..<18).filter { _ in random.once(in: 3) }
        guard !kinds.isEmpty else { return [] }
        return (0..<(1 + random.below(random.one(of: [3, 8, 30] as [Int64])))).map { _ in
            one(random.one(of: kinds), in: traits, orders: orders, from: &random)
        }
    }

    private static func one(
        _ kind: Int,
        in traits: WorldTraits,
        orders: [Order],
        from random: inout SeededGenerator
    ) -> Fate {
        let process = Int(random.below(Int64(traits.processes)))
        let at = random.below(traits.span)
        // Seconds: shorter than a margin, about a lease, longer.
        let lasting =
            random.one(of: [1, 3, 9, 12, 25] as [Int64]) * (500_000 + random.below(1_000_000))
        switch kind {
        case 0:
            return .crash(
                process: process,
                at: at,
                isNoticed: !random.once(in: 3),
                back: random.one(of: [1, 5, 20] as [Int64]) * random.below(2_000_000)
            )
        case 1: return .stop(process: process, at: at, back: random.below(10_000_000))
        case 2, 3: return .suspend(process: process, at: at, lasting: lasting)
        case 4:
            let size = random.one(of: [50_000, 2_000_000, 60_000_000] as [Int64])
            return .clockStep(process: process, at: at, by: random.below(size) - size / 2)
        case 5: return .cutOff(process: process, at: at, lasting: lasting)
        case 6: return .sessionLost(process: process, at: at)
        case 7: return .databaseDown(at: at, lasting: lasting)
        case 8: return .sinkDown(process: process, at: at, lasting: lasting)
        case 9:
            let by = random.one(of: [-3_600, -5, 5, 3_600] as [Int64]) * 1_000_000
            return .newTzdata(process: process, at: at, by: by)
        case 10: return .hintLost(order: random.one(of: orders).id)
        default:
            let statement = random.one(of: StatementKind.allCases)
            return .mishap(
                process: process,
                statement: statement,
                number: Int(random.below(statement.usualCount(in: traits))),
                Mishap.draw(lasting: lasting, from: &random)
            )
        }
    }
}

extension StatementKind {
    /// About how many a process sends.
    fileprivate func usualCount(in traits: WorldTraits) -> Int64 {
        switch self {
        case .acquire: 4
        case .renew: traits.span / 1_000_000
        case .giveBack, .rollOver, .confirm: 3
        case .stage, .acknowledge, .publish, .change: 25
        case .recover, .readBack: 6
        }
    }
}

extension Mishap {
    fileprivate static func draw(
        lasting: Int64,
        from random: inout SeededGenerator
    ) -> Mishap {
        switch random.below(12) {
        case 0, 1: .refused
        case 2, 3: .answerLost
        case 4: .late(there: random.below(4_000_000), back: random.below(4_000_000))
        case 5: .late(there: 0, back: random.below(14_000_000))
        case 6: .effectLate(random.below(4_000_000))
        case 7: .twice(random.below(3_000_000))
        case 8: random.one(of: [.crashBefore, .crashDuring, .crashAfter])
        case 9: .crashDuring
        case 10: .suspendedAfterSending(lasting)
        default: .suspendedBeforeAnswer(lasting)
        }
    }
}
