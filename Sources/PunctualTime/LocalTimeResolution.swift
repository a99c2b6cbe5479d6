// SPDX-License-Identifier: Apache-2.0

/// The instant that a local time means in a zone, and whether the zone left a choice.
public struct LocalTimeResolution: Hashable, Sendable {
    /// How often a clock in the zone shows the local time.
    public enum Kind: String, Hashable, Sendable {
        /// Once.
        case unique
        /// Never: clocks sprang over it.
        case gap
        /// Twice: clocks fell back over it.
        case fold
    }

    /// The instant, by the policy in force.
    public let instant: WallInstant
    /// How often a clock in the zone shows the local time.
    public let kind: Kind
}
