// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds who one is and what one has chosen, and the private feed.
    mutating func addProfile(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        guard let profiles = services.profiles else { return }
        on(.get, "/api/me") { call in
            try await Response(profile: profiles.profile(of: call.user), call)
        }
        on(.put, "/api/me") { call in
            let value = try await call.json(limit: configuration.maximumBodyBytes).value
            let user = try call.user
            let old = try await profiles.profile(of: user)
            let fields = try ProfileFields(value, changing: old)
            try await profiles.save(fields.profile, ownsEmail: fields.namesEmail, user: user)
            return try Response(profile: fields.profile, call)
        }
        on(.post, "/api/me/feed") { call in
            try await profiles.setFeed(true, user: call.user)
            return try await Response(profile: profiles.profile(of: call.user), call)
        }
        on(.delete, "/api/me/feed") { call in
            try await profiles.setFeed(false, user: call.user)
            return Response(status: .noContent)
        }
    }
}

/// The members of a profile that a request gives; those that it does not name stay as they are.
private struct ProfileFields {
    private(set) var profile: UserProfile
    private(set) var namesEmail = false

    init(_ value: JSONValue, changing old: UserProfile) throws(Problem) {
        var reader = FieldReader()
        var (profile, namesEmail) = (old, false)
        reader.object(value, "") { reader, member, pointer in
            switch member.name {
            case "email":
                profile.email = reader.nullable(member.value) { $0.email($1, pointer) }
                namesEmail = true
            case "timezone":
                profile.timezone = reader.nullable(member.value) {
                    $0.string($1, pointer, limit: 100)
                }
            case "default_reminders":
                profile.defaultReminders = reader.nullable(member.value) {
                    $0.offsets($1, pointer)
                }
            case "quiet_hours":
                profile.quietHours = reader.nullable(member.value) { $0.quietHours($1, pointer) }
            case "channels": reader.channels(member.value, pointer, muted: &profile.muted)
            // What an answer also has may be sent back with it.
            case "user_id", "feed_url": break
            default: return false
            }
            return true
        }
        if profile.quietHours != nil, profile.timezone == nil {
            reader.refuse("/quiet_hours", "Give a timezone too, in which they are.")
        }
        try reader.finish()
        (self.profile, self.namesEmail) = (profile, namesEmail)
    }
}

extension FieldReader {
    /// Reads an address, loosely: it has one @ with something on both sides, and no space.
    fileprivate mutating func email(_ value: JSONValue, _ pointer: String) -> String? {
        guard let text = string(value, pointer, limit: 254) else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && !"<>,;\"\\()[]\u{7f}".unicodeScalars.contains($0)
        }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain else {
            refuse(pointer, "An address such as ana@example.org.")
            return nil
        }
        return text
    }

    /// Reads a list of `{"offset":"-PT1H"}`.
    fileprivate mutating func offsets(
        _ value: JSONValue,
        _ pointer: String
    ) -> [CalendarDuration]? {
        list(value, pointer, limit: TaskLimits.reminders) { reader, element, pointer in
            switch reader.reminder(element, pointer) {
            case .offset(let offset): return offset
            case .at:
                reader.refuse(pointer + "/at", "A default is an offset, such as \"-PT1H\".")
                return nil
            case nil: return nil
            }
        }
    }

    /// Reads `{"start":"22:00","end":"07:00"}`.
    fileprivate mutating func quietHours(
        _ value: JSONValue,
        _ pointer: String
    ) -> UserProfile.QuietHours? {
        var times: [String: Int16] = [:]
        object(value, pointer) { reader, member, pointer in
            guard ["start", "end"].contains(member.name) else { return false }
            times[member.name] = reader.minute(member.value, pointer)
            return true
        }
        guard let start = times["start"], let end = times["end"] else {
            if fields.isEmpty { refuse(pointer, "Give start and end, such as \"22:00\".") }
            return nil
        }
        return .init(start: start, end: end)
    }

    /// Reads `HH:MM` as minutes after midnight.
    private mutating func minute(_ value: JSONValue, _ pointer: String) -> Int16? {
        guard let text = string(value, pointer) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isASCII) }),
            let hour = UInt8(parts[0]), let minute = UInt8(parts[1]), hour < 24, minute < 60
        else {
            refuse(pointer, "A time of the day such as \"07:00\".")
            return nil
        }
        return Int16(hour) * 60 + Int16(minute)
    }

    /// Reads `{"email":false}`: which ways are wanted.
    fileprivate mutating func channels(
        _ value: JSONValue,
        _ pointer: String,
        muted: inout Set<UserProfile.Channel>
    ) {
        var changed = muted
        object(value, pointer) { reader, member, pointer in
            guard let channel = UserProfile.Channel(rawValue: member.name) else { return false }
            switch reader.boolean(member.value, pointer) {
            case true?: changed.remove(channel)
            case false?: changed.insert(channel)
            case nil: break
            }
            return true
        }
        muted = changed
    }
}

extension Response {
    /// The answer with a profile.
    fileprivate init(profile: UserProfile, _ call: Call) throws {
        let user = try call.user
        self.init(json: { writer in
            writer.object { writer in
                writer.member("user_id", user.id)
                writer.member("email", profile.email)
                writer.member("timezone", profile.timezone)
                writer.name("default_reminders")
                writer.array { writer in
                    for offset in profile.defaultReminders ?? TaskPlanner.standardOffsets {
                        writer.object { $0.member("offset", offset.description) }
                    }
                }
                writer.name("quiet_hours")
                if let quiet = profile.quietHours {
                    writer.object { writer in
                        writer.member("start", clockTime(quiet.start))
                        writer.member("end", clockTime(quiet.end))
                    }
                } else {
                    writer.null()
                }
                writer.name("channels")
                writer.object { writer in
                    for channel in UserProfile.Channel.allCases {
                        writer.member(channel.rawValue, !profile.muted.contains(channel))
                    }
                }
                writer.member(
                    "feed_url",
                    profile.feedToken.map { call.address("/feeds/\($0).ics") }
                )
            }
        })
    }
}

private func clockTime(_ minutes: Int16) -> String {
    let parts = minutes.quotientAndRemainder(dividingBy: 60)
    func digits(_ number: Int16) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(digits(parts.quotient)):\(digits(parts.remainder))"
}
