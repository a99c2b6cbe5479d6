// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What other threads, and the loop's own, have asked the loop to run: first in, first out.
///
/// Two buffers change places under a mutex, so that a turn drains one while the other fills and
/// neither is reallocated. The inbox also knows whether the loop sleeps, which is what decides
/// whether an arrival must pay for a wake-up.
final class LoopInbox: Sendable {
    /// One thing to run: a job of Swift's runtime, or a closure handed over.
    enum Item: Sendable {
        case job(UnownedJob)
        case work(@Sendable () -> Void)
    }

    /// The life of the loop as arrivals see it.
    enum Phase: Sendable {
        case awake, asleep, terminated
    }

    private struct State: ~Copyable {
        var phase = Phase.awake
        var items: [Item] = []
        var isDrainedLate = false
    }

    private let state = Mutex(State())

    /// Adds an item; `wake` is called, under the mutex, if the loop sleeps and must be woken.
    ///
    /// - Returns: true if the loop has ended and the caller must run `nextLate` until nil.
    func append(_ item: Item, wake: () -> Void) -> Bool {
        state.withLock { state in
            state.items.append(item)
            switch state.phase {
            case .awake:
                return false
            case .asleep:
                state.phase = .awake
                wake()
                return false
            case .terminated:
                defer { state.isDrainedLate = true }
                return !state.isDrainedLate
            }
        }
    }

    /// Exchanges the filled buffer for an empty one; if there is nothing, the loop may sleep.
    ///
    /// - Returns: false if there was nothing, in which case the next arrival wakes the loop.
    func take(into batch: inout [Item]) -> Bool {
        state.withLock { state in
            guard !state.items.isEmpty else {
                state.phase = .asleep
                return false
            }
            state.phase = .awake
            swap(&state.items, &batch)
            return true
        }
    }

    /// After this nothing wakes the loop; `unfinished` items come before those that follow.
    func terminate(unfinished: ArraySlice<Item>) {
        state.withLock { state in
            state.items.insert(contentsOf: unfinished, at: 0)
            state.phase = .terminated
            state.isDrainedLate = true
        }
    }

    /// The next item after the loop has ended; when there is none, `release` is called under the
    /// mutex and the next arrival's thread takes over.
    func nextLate(release: () -> Void) -> Item? {
        state.withLock { state in
            guard state.items.isEmpty else { return state.items.removeFirst() }
            release()
            state.isDrainedLate = false
            return nil
        }
    }
}
