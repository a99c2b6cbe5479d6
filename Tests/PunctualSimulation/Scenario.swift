// SPDX-License-Identifier: Apache-2.0

/// Everything that decides a run: the same scenario always goes the same way.
package struct Scenario: Sendable, Hashable {
    /// What latencies are drawn from.
    package var seed: UInt64
    /// The world in which it happens.
    package var traits: WorldTraits
    /// What users do.
    package var orders: [Order]
    /// What goes wrong.
    package var fates: [Fate]

    /// Creates a scenario from its parts.
    package init(seed: UInt64, traits: WorldTraits, orders: [Order], fates: [Fate]) {
        (self.seed, self.traits) = (seed, traits)
        (self.orders, self.fates) = (orders, fates)
    }
}

/// The size of a world, and the bounds that its engines are given.
package struct WorldTraits: Sendable, Hashable {
    /// How many processes there are, each with an engine and an API.
    package var processes = 1
    /// How many shards there are.
    package var shards = 4
    /// How long a statement travels at most in one direction, in microseconds.
    package var slowest: Int64 = 20_000
    /// How many rows a page of `outbox` has.
    package var page = 50
    /// The engine's bound of a read-back, and of catching up.
    package var stageLimit = 100
    /// How many events one turn releases.
    package var releaseLimit = 256
    /// How many bytes of payload an engine keeps.
    package var stagedBytes = 20_000
    /// How many events an engine stages.
    package var maximumStaged = 1_000
    /// How many events may wait for their acknowledgement.
    package var maximumUnacknowledged = 1_000
    /// Whether the transport has an event the moment it is released.
    package var isImmediate = true
    /// For how long users act and things go wrong, in microseconds.
    package var span: Int64 = 40_000_000

    /// Creates the traits of a small world.
    package init() {}
}

extension Scenario: CustomStringConvertible {
    /// Swift that makes the same scenario.
    package var description: String {
        """
        var traits = WorldTraits()
        \(traits.differences)
        let scenario = Scenario(
            seed: \(seed), traits: traits,
            orders: [
        \(orders.map { "        \(Self.swift($0))," }.joined(separator: "\n"))
            ],
            fates: [
        \(fates.map { "        .\(Self.swift($0))," }.joined(separator: "\n"))
            ]
        )
        """
    }

    /// A value as Swift prints it, with the names of nested types as Swift reads them.
    private static func swift(_ value: some Any) -> String {
        var text = "\(value)"
        for name in ["Order.Deed", "StatementKind", "Mishap"] {
            text = text.split(
                separator: "PunctualSimulation.\(name).",
                omittingEmptySubsequences: false
            )
            .joined(separator: ".")
        }
        text = text.split(separator: "PunctualSimulation.", omittingEmptySubsequences: false)
            .joined()
        return text.split(separator: "Optional(nil)", omittingEmptySubsequences: false)
            .joined(separator: "nil")
    }
}

extension WorldTraits {
    /// Swift that makes these from the standard ones.
    fileprivate var differences: String {
        let standard = Mirror(reflecting: WorldTraits()).children.map { "\($0.value)" }
        return zip(Mirror(reflecting: self).children, standard)
            .filter { "\($0.value)" != $1 }
            .map { "traits.\($0.0.label ?? "") = \($0.0.value)" }
            .joined(separator: "\n")
    }
}
