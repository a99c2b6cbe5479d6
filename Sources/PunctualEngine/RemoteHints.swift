// SPDX-License-Identifier: Apache-2.0

package import PunctualCore
package import PunctualTime

/// What a process tells the engines of others after its commits: the earliest due of each shard,
/// and the staged events that were taken back.
///
/// In a notification it is a line of words, `shard:µs` for a due and `shard:source:nominal` for an
/// event, which fits into the 8,000 bytes that PostgreSQL allows.
package struct RemoteHints: Sendable, Hashable {
    /// The most events that wait to be told of: those beyond it stay in their owner's memory, and
    /// fire after an answer that said so.
    package static let maximumWithdrawn = 4_096
    /// The most bytes of one notification.
    static let maximumBytes = 7_900

    /// The earliest due of each shard in which something was armed.
    package private(set) var dues: [Int16: WallInstant] = [:]
    /// Staged events whose outbox rows are gone.
    package private(set) var withdrawn: Set<OutboxKey> = []

    /// Creates hints that say nothing.
    package init() {}

    /// Whether they say nothing.
    package var isEmpty: Bool { dues.isEmpty && withdrawn.isEmpty }

    /// Adds that something in a shard is due then.
    package mutating func add(shard: Int16, due: WallInstant) {
        dues[shard] = min(due, dues[shard] ?? due)
    }

    /// Adds that events were taken back.
    package mutating func add(withdrawn keys: some Sequence<OutboxKey>) {
        for key in keys where withdrawn.count < Self.maximumWithdrawn { withdrawn.insert(key) }
    }
}

extension RemoteHints {
    /// The hints in as few lines as fit.
    package var lines: [String] {
        let words =
            dues.map { "\($0):\($1.microsecondsSinceEpoch)" }
            + withdrawn.map { "\($0.shard):\($0.sourceID):\($0.nominal.secondsSinceEpoch)" }
        return words.reduce(into: []) { lines, word in
            if let last = lines.last, last.utf8.count + word.utf8.count < Self.maximumBytes {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(word)
            }
        }
    }

    /// Reads one line; words that say nothing, as of another version, are passed over.
    package init(line: String) {
        for word in line.split(separator: " ") {
            let numbers = word.split(separator: ":").map { Int64($0) }
            guard let shard = (numbers.first ?? nil).flatMap({ Int16(exactly: $0) }) else {
                continue
            }
            if numbers.count == 2, let due = numbers[1] {
                add(shard: shard, due: WallInstant(microsecondsSinceEpoch: due))
            } else if numbers.count == 3, let source = numbers[1], let nominal = numbers[2] {
                let nominal = CivilDateTime(secondsSinceEpoch: nominal)
                add(withdrawn: [OutboxKey(shard: shard, sourceID: source, nominal: nominal)])
            }
        }
    }
}
