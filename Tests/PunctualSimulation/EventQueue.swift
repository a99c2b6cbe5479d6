// SPDX-License-Identifier: Apache-2.0

/// What is to happen, the earliest first; what is to happen at once happens in the order of asking.
struct EventQueue {
    /// Who must be alive and awake for it: a process in one of its lives.
    struct Owner {
        var process: Int
        var life: Int
    }

    struct Entry {
        var at: UInt64
        var order: Int
        var owner: Owner?
        var body: () -> Void

        func precedes(_ other: Entry) -> Bool { (at, order) < (other.at, other.order) }
    }

    private var heap: [Entry] = []
    private var count = 0

    /// When the next is to happen.
    var next: UInt64? { heap.first?.at }

    mutating func add(at: UInt64, owner: Owner?, _ body: @escaping () -> Void) {
        count += 1
        heap.append(Entry(at: at, order: count, owner: owner, body: body))
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Entry? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].precedes(heap[least]) {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
