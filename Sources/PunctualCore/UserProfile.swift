// SPDX-License-Identifier: Apache-2.0

package import PunctualTime

/// What a user has chosen.
package struct UserProfile: Sendable, Hashable {
    /// A way in which a person hears of a fired reminder.
    package enum Channel: String, Sendable, CaseIterable {
        case inApp = "in_app"
        case email, webhook
        case webPush = "web_push"
    }
    /// The time of the day in which nobody is disturbed, in the user's time zone.
    ///
    /// Reminders fire all the same; e-mail and Web Push wait until it is over. An end before the
    /// start is on the next day.
    package struct QuietHours: Sendable, Hashable {
        /// Minutes after midnight, 0 to 1,439.
        package var start: Int16, end: Int16

        /// Creates quiet hours from their parts.
        package init(start: Int16, end: Int16) { (self.start, self.end) = (start, end) }
    }

    /// Where e-mail goes.
    package var email: String?
    /// IANA zone of the quiet hours.
    package var timezone: String?
    /// The reminders of a task that is due and names none; nil for one day and one hour before.
    package var defaultReminders: [CalendarDuration]?
    /// When only what is shown in the application comes at once.
    package var quietHours: QuietHours?
    /// The ways that are not wanted.
    package var muted: Set<Channel> = []
    /// What makes the address of the private feed, if there is one.
    package var feedToken: String?

    /// Creates a profile in which nothing has been chosen.
    package init() {}
}

/// Where profiles are kept.
package protocol ProfileStore: Sendable {
    /// What the user has chosen; nil for one who is not known.
    func profile(shard: Int16, userID: String) async throws -> UserProfile?
    /// Keeps all but the feed; `ownsEmail` when the user, and no token, gave the address.
    func save(_ profile: UserProfile, shard: Int16, userID: String, ownsEmail: Bool) async throws
    /// Sets or removes the feed.
    func setFeed(_ token: String?, shard: Int16, userID: String) async throws
    /// Whose feed it is.
    func user(ofFeed token: String, shard: Int16) async throws -> User?
}

/// What can be done with profiles.
package struct ProfileService: Sendable {
    private let store: any ProfileStore
    private let shards: ShardMap
    private let zones: any ZoneSource

    /// Creates a service over its ports.
    package init(store: any ProfileStore, shards: ShardMap, zones: any ZoneSource) {
        (self.store, self.shards, self.zones) = (store, shards, zones)
    }

    /// What the user has chosen.
    package func profile(of user: User) async throws -> UserProfile {
        let known = try await store.profile(shard: shards.shard(of: user.id), userID: user.id)
        var profile = known ?? UserProfile()
        if profile.email == nil { profile.email = user.email }
        return profile
    }

    /// Keeps what the user has chosen.
    ///
    /// - Throws: a ``Problem`` for a time zone that does not exist.
    package func save(_ profile: UserProfile, ownsEmail: Bool, user: User) async throws {
        if let timezone = profile.timezone, zones.rules(for: timezone) == nil {
            throw Problem.invalid(
                "/timezone",
                "is no IANA time zone; use a name such as Europe/Lisbon or UTC"
            )
        }
        try await store.save(
            profile,
            shard: shards.shard(of: user.id),
            userID: user.id,
            ownsEmail: ownsEmail
        )
    }

    /// Makes a new secret for the private feed, which ends the old one, or removes it.
    @discardableResult
    package func setFeed(_ exists: Bool, user: User) async throws -> String? {
        let shard = shards.shard(of: user.id)
        let token = exists ? "\(shard)-\(randomToken())" : nil
        try await store.setFeed(token, shard: shard, userID: user.id)
        return token
    }

    /// Whose feed it is; nil when it is nobody's, or not any more.
    package func user(ofFeed token: String) async throws -> User? {
        guard let shard = token.split(separator: "-").first.flatMap({ Int16($0) }),
            (0..<shards.count).contains(Int(shard)), token.utf8.count < 100
        else { return nil }
        return try await store.user(ofFeed: token, shard: shard)
    }
}

/// 256 random bits, in hexadecimal.
func randomToken() -> String {
    (0..<4).map { _ in
        let word = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
}
