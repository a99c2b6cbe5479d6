// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore

/// A topic as Punctual wants it to be: the one table from which deployments are made.
package struct KafkaTopic: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// How many partitions: at most that many consumers of a group share it.
    package let partitions: Int
    /// How long messages are kept, in milliseconds.
    package let retentionMilliseconds: Int64

    /// Where messages go that cannot be handled or written.
    package static let deadLetters = KafkaTopic("reminders-dlq", partitions: 1)

    /// Every topic that Punctual writes or reads.
    package static let all = [
        KafkaTopic(Topic.taskEvents.rawValue, partitions: 3),
        KafkaTopic(Topic.reminders.rawValue, partitions: 1),
        KafkaTopic(Topic.taskUpdates.rawValue, partitions: 3),
        deadLetters,
    ]

    private init(_ name: String, partitions: Int) {
        (self.name, self.partitions) = (name, partitions)
        retentionMilliseconds = 7 * 86_400_000
    }
}
