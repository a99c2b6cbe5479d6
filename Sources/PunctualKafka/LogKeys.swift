// SPDX-License-Identifier: Apache-2.0

/// The names under which this module logs what a message is about.
enum LogKeys {
    static let attempts = "kafka.attempts"
    static let consumer = "kafka.consumer"
    static let error = "kafka.error"
    static let eventID = "kafka.event_id"
    static let offset = "kafka.offset"
    static let partition = "kafka.partition"
    static let reason = "kafka.reason"
    static let text = "kafka.text"
    static let topic = "kafka.topic"
}
