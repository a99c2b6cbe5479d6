// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// The ids of the last events of something, at least `capacity` and at most twice as many.
///
/// Two generations: when the younger is full, the older is forgotten whole.
struct RecentEvents {
    private let capacity: Int
    private var younger: Set<EventID> = []
    private var older: Set<EventID> = []

    init(capacity: Int) { self.capacity = capacity }

    mutating func insert(_ id: EventID) {
        if younger.count == capacity { (older, younger) = (younger, []) }
        younger.insert(id)
    }

    func contains(_ id: EventID) -> Bool { younger.contains(id) || older.contains(id) }
}
