// SPDX-License-Identifier: Apache-2.0

/// Why a wheel did not take a timer.
public enum InsertError: Error, Hashable, CustomStringConvertible {
    /// The due tick is not after the wheel's `now`: fire it at once.
    case elapsed
    /// The due tick lies beyond `Tick.horizon`: refuse it, or ask again nearer the time.
    case beyondRange
    /// The wheel holds `TimingWheel.maximumCount` timers: wait until some have fired.
    case full

    /// What is wrong, and the remedy.
    public var description: String {
        switch self {
        case .elapsed: "the due tick is not after now; fire it at once"
        case .beyondRange: "the due tick is beyond the year 3111; insert it nearer the time"
        case .full: "the wheel is full; wait until some of its timers have fired"
        }
    }
}
