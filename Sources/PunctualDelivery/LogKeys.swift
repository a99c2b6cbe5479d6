// SPDX-License-Identifier: Apache-2.0

/// The names under which this module logs what a message is about.
enum LogKeys {
    static let activity = "delivery.activity"
    static let attempts = "delivery.attempts"
    static let channel = "delivery.channel"
    static let count = "delivery.count"
    static let error = "delivery.error"
    static let eventID = "delivery.event_id"
    static let reader = "delivery.reader"
}
