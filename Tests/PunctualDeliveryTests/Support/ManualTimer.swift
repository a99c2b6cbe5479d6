// SPDX-License-Identifier: Apache-2.0

import PunctualDelivery

/// Timers that fire when the test says so.
final class ManualTimer: DelayedRunner {
    struct Entry: Sendable {
        let delay: Duration
        let body: @Sendable () -> Void
    }
    private let entries = Watched<[Entry]>([])
    private let all = Watched<[Duration]>([])

    /// Every delay that was ever asked for.
    var delays: [Duration] { all.value }

    func run(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        entries.change { $0.append(Entry(delay: delay, body: body)) }
        all.change { $0.append(delay) }
    }

    /// Waits for a timer of at least `delay` and fires it.
    func fire(atLeast delay: Duration = .zero, atMost limit: Duration = .seconds(1_000_000)) async {
        let matches: @Sendable (Entry) -> Bool = { (delay...limit).contains($0.delay) }
        await entries.wait { $0.contains(where: matches) }
        let entry = entries.change { entries in
            entries.firstIndex(where: matches).map { entries.remove(at: $0) }
        }
        entry?.body()
    }
}

/// Timers that fire at once.
struct ImmediateTimer: DelayedRunner {
    func run(after delay: Duration, _ body: @escaping @Sendable () -> Void) { body() }
}
