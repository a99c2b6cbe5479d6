// SPDX-License-Identifier: Apache-2.0

internal import PunctualTime

/// What a body says of a job, read and checked.
///
/// As with Dapr, a name that means nothing is ignored, and names may be written in snake_case.
struct JobDraft {
    /// Bytes of a name.
    static let maximumName = 255
    /// Bytes of a schedule.
    static let maximumSchedule = 256

    private let body: JSONValue
    private let now: WallInstant
    /// When it is repeated; nil for a job that comes once.
    private(set) var schedule: CronSchedule?
    /// Whether one of the same name is replaced.
    private(set) var overwrites = false
    /// The job, still without an id.
    private(set) var job: Job

    /// Reads a body.
    ///
    /// - Throws: ``JobError`` that names the member that is wrong.
    init(
        name: String,
        body: JSONValue,
        zones: any ZoneSource,
        now: WallInstant
    ) throws(JobError) {
        guard case .object = body else {
            throw Self.refusal("The body should be an object, not \(body.kind).")
        }
        (self.body, self.now) = (body, now)
        job = Job(name: name, id: 0, due: now)
        try Self.check(name: name)
        guard body["name"] == nil else {
            throw JobError(
                .invalid,
                "ERR_SCHEDULER_NAME",
                "name: the name of a job is in the path, not in the body"
            )
        }
        let start = try readTimes(zones: zones)
        try readRepeats()
        try readExpiry(from: start)
        try readPayload()
    }

    /// Makes sure that a name is one that a path can hold.
    static func check(name: String) throws(JobError) {
        let isWhole = name.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7f && !"/\\#?".unicodeScalars.contains($0)
        }
        guard (1...maximumName).contains(name.utf8.count), isWhole, name != ".", name != ".." else {
            throw JobError(
                .invalid,
                "DAPR_SCHEDULER_JOB_NAME",
                "The name of a job has 1 to \(maximumName) bytes, and none of / \\ # ? in it."
            )
        }
    }

    private mutating func readTimes(zones: any ZoneSource) throws(JobError) -> WallInstant {
        let scheduleText = try text("schedule")
        let dueText = try text("dueTime")
        guard scheduleText != nil || dueText != nil else {
            throw JobError(
                .invalid,
                "DAPR_SCHEDULER_SCHEDULE_EMPTY",
                "A job needs a schedule or a dueTime."
            )
        }
        job.dueTime = dueText
        let due: WallInstant? =
            if let dueText { try instant(dueText, "dueTime") } else { nil }
        guard let text = scheduleText else {
            job.due = due ?? now
            return job.due
        }
        guard text.utf8.count <= Self.maximumSchedule else {
            throw Self.scheduleRefusal("it may have \(Self.maximumSchedule) bytes")
        }
        // What Dapr lacks: a schedule may be one instant.
        if let instant = try? WallInstant(rfc3339: text) {
            job.schedule = text
            job.due = due ?? instant
            return job.due
        }
        let schedule: CronSchedule
        do { schedule = try CronSchedule(text, zones: zones.rules(for:)) } catch {
            throw Self.scheduleRefusal(error.reason)
        }
        (self.schedule, job.schedule) = (schedule, text)
        guard let first = due ?? schedule.next(after: now) else {
            throw Self.scheduleRefusal("it never comes")
        }
        job.due = first
        return due ?? now
    }

    private mutating func readRepeats() throws(JobError) {
        switch body["repeats"] {
        case nil, .null, .integer(0): break
        case .integer(let count)? where (1...Int64(Int32.max)).contains(count):
            guard count == 1 || schedule != nil else {
                throw Self.refusal("repeats: more than one needs a schedule")
            }
            job.repeats = Int32(count)
        default: throw Self.refusal("repeats: a whole number from 1 to \(Int32.max)")
        }
    }

    private mutating func readExpiry(from start: WallInstant) throws(JobError) {
        guard let text = try text("ttl") else { return }
        guard schedule != nil else { throw Self.refusal("ttl: it needs a schedule") }
        let expires = try instant(text, "ttl")
        guard expires > start else { throw Self.refusal("ttl: it has to end after dueTime") }
        (job.ttl, job.expires) = (text, expires)
    }

    private mutating func readPayload() throws(JobError) {
        switch body["overwrite"] {
        case nil, .null: break
        case .bool(let flag): overwrites = flag
        default: throw Self.refusal("overwrite: true or false")
        }
        if let data = body["data"], data != .null {
            // The form of old clients: a protobuf Any that wraps the value.
            if case .string(let type) = data["@type"], let value = data["value"],
                type.hasPrefix("type.googleapis.com/google.protobuf.")
            {
                job.data = value.text
            } else {
                job.data = data.text
            }
        }
        if let policy = member("failurePolicy"), policy != .null {
            job.failurePolicy = try JobFailurePolicy(policy).value.text
        }
    }

    /// The member of a name, in either spelling.
    private func member(_ name: String) -> JSONValue? {
        let snake = name.reduce(into: "") { text, character in
            text += character.isUppercase ? "_" + character.lowercased() : String(character)
        }
        return body[name] ?? body[snake]
    }

    private func text(_ name: String) throws(JobError) -> String? {
        switch member(name) {
        case nil, .null, .string(""): nil
        case .string(let text): text
        default: throw Self.refusal("\(name): it should be a text")
        }
    }

    /// An instant, or a duration from now as Go or as ISO 8601 writes it.
    private func instant(_ text: String, _ name: String) throws(JobError) -> WallInstant {
        if let instant = try? WallInstant(rfc3339: text) { return instant }
        if let microseconds = GoDuration.microseconds(text) {
            return now.adding(microseconds: microseconds)
        }
        if let duration = try? CalendarDuration(text), duration.days >= 0, duration.seconds >= 0 {
            return duration.added(to: now, in: .utc)
        }
        throw Self.refusal(
            "\(name): \"\(text.prefix(80))\" is no RFC 3339 time, no duration such as 1h30m and "
                + "none such as PT1H30M"
        )
    }

    private static func refusal(_ message: String) -> JobError {
        JobError(.invalid, "ERR_INVALID_JOB", message)
    }

    private static func scheduleRefusal(_ reason: String) -> JobError {
        JobError(.invalid, "DAPR_SCHEDULER_SCHEDULE_INVALID", "schedule: \(reason)")
    }
}
