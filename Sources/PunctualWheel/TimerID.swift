// SPDX-License-Identifier: Apache-2.0

/// Names one timer of one wheel, so that an identifier kept too long cancels nothing.
public struct TimerID: Hashable, BitwiseCopyable, Sendable {
    /// Where the timer's record is; another timer takes it when this one is gone.
    @usableFromInline let index: UInt32
    /// How often the record has been used, so the pair repeats after 2³² uses.
    @usableFromInline let generation: UInt32

    @inlinable
    init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}
