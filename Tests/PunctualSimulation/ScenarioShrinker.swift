// SPDX-License-Identifier: Apache-2.0

/// Makes a scenario that breaks a promise as small as it can be made while it still breaks one.
///
/// Delta debugging: parts of the list are left out, halves first and single elements last, for as
/// long as something can be. Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
/// Input" (2002).
package struct ScenarioShrinker {
    /// How many runs it takes at most.
    private var runsLeft: Int
    private let isFailing: (Scenario) -> Bool

    /// Shrinks `scenario`, which must fail; `isFailing` says whether another one does too.
    package static func shrink(
        _ scenario: Scenario,
        runs: Int = 600,
        isFailing: @escaping (Scenario) -> Bool = { !SimulatedWorld.violations(of: $0).isEmpty }
    ) -> Scenario {
        var shrinker = Self(runsLeft: runs, isFailing: isFailing)
        return shrinker.smallest(scenario)
    }

    private mutating func smallest(_ scenario: Scenario) -> Scenario {
        var smallest = scenario
        // What goes wrong first: that is what one wants to read.
        reduce(&smallest, \.fates)
        reduce(&smallest, \.orders)
        reduce(&smallest, \.fates)
        while smallest.traits.processes > 1 {
            var fewer = smallest
            fewer.traits.processes -= 1
            guard fails(fewer) else { break }
            smallest = fewer
        }
        return smallest
    }

    private mutating func reduce<Element>(
        _ scenario: inout Scenario,
        _ list: WritableKeyPath<Scenario, [Element]>
    ) {
        var size = (scenario[keyPath: list].count + 1) / 2
        while size > 0 {
            var start = 0
            while start < scenario[keyPath: list].count {
                var without = scenario
                let end = min(start + size, scenario[keyPath: list].count)
                without[keyPath: list].removeSubrange(start..<end)
                if fails(without) { scenario = without } else { start = end }
            }
            size = size == 1 ? 0 : (size + 1) / 2
        }
    }

    private mutating func fails(_ scenario: Scenario) -> Bool {
        guard runsLeft > 0 else { return false }
        runsLeft -= 1
        return isFailing(scenario)
    }
}
