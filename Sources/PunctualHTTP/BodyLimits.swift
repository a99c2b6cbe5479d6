// SPDX-License-Identifier: Apache-2.0

/// How much a request may hold beside what ``TaskLimits`` says of tasks; lengths are counted in
/// Unicode scalars.
enum BodyLimits {
    /// Numbers or weekdays in one list of a pattern.
    static let ruleParts = 1_000
    /// Scalars of any other text: a date, a rule, a zone.
    static let text = 8_192
    /// Tasks of one batch.
    static let batch = 1_000
    /// Occurrences of one preview.
    static let preview = 100
    /// Tasks made from one calendar.
    static let importedTasks = 10_000
    /// Bytes of an idempotency key.
    static let idempotencyKey = 255
    /// Bytes of the name of a conversation.
    static let conversationID = 200
    /// Messages of a conversation.
    static let messages = 1_000
    /// Scalars of the role of a message.
    static let role = 64
}
