// SPDX-License-Identifier: Apache-2.0

/// A browser that asked to be told of reminders while no page is open (W3C Push API).
package struct PushSubscription: Sendable, Hashable {
    /// How many a user may have; one more takes the place of the oldest.
    package static let maximumCount = 20
    /// The longest endpoint, in bytes.
    package static let maximumEndpoint = 2_048

    /// Identifies it.
    package let id: Int64
    /// Where its push service takes messages.
    package let endpoint: String
    /// The browser's public key, 65 bytes.
    package let publicKey: [UInt8]
    /// The browser's authentication secret, 16 bytes.
    package let secret: [UInt8]

    /// Creates a subscription from its parts.
    package init(id: Int64 = 0, endpoint: String, publicKey: [UInt8], secret: [UInt8]) {
        (self.id, self.endpoint) = (id, endpoint)
        (self.publicKey, self.secret) = (publicKey, secret)
    }
}

/// Where subscriptions are kept.
package protocol PushSubscriptionStore: Sendable {
    /// Keeps one, in the place of an older one of the same endpoint; of a user's others only the
    /// newest `limit` are kept with it.
    func add(
        _ subscription: PushSubscription,
        shard: Int16,
        userID: String,
        limit: Int
    ) async throws
    /// Forgets the user's subscription of an endpoint; false when there is none.
    func remove(endpoint: String, shard: Int16, userID: String) async throws -> Bool
    /// Forgets one that its push service no longer knows.
    func remove(_ id: Int64, shard: Int16) async throws
    /// One by its id; nil when it is gone.
    func subscription(_ id: Int64, shard: Int16) async throws -> PushSubscription?
}

/// What can be done with subscriptions.
package struct PushService: Sendable {
    /// The server's public key, base64url, as a browser takes it.
    package let publicKey: String
    private let store: any PushSubscriptionStore
    private let shards: ShardMap
    private let accepts: @Sendable (PushSubscription) -> String?

    /// Creates a service over its ports; `accepts` says what is wrong with a subscription, if
    /// anything is.
    package init(
        publicKey: String,
        store: any PushSubscriptionStore,
        shards: ShardMap,
        accepts: @escaping @Sendable (PushSubscription) -> String?
    ) {
        (self.publicKey, self.store, self.shards) = (publicKey, store, shards)
        self.accepts = accepts
    }

    /// Keeps a browser's subscription.
    ///
    /// - Throws: a ``Problem`` for one that nothing can be sent to.
    package func subscribe(_ subscription: PushSubscription, user: User) async throws {
        if let fault = accepts(subscription) { throw Problem.invalid("/endpoint", fault) }
        try await store.add(
            subscription,
            shard: shards.shard(of: user.id),
            userID: user.id,
            limit: PushSubscription.maximumCount
        )
    }

    /// Forgets a browser's subscription.
    ///
    /// - Throws: a ``Problem`` when the user has none of this endpoint.
    package func unsubscribe(_ endpoint: String, user: User) async throws {
        let shard = shards.shard(of: user.id)
        guard try await store.remove(endpoint: endpoint, shard: shard, userID: user.id) else {
            throw Problem(.notFound, "There is no subscription of this endpoint.")
        }
    }
}
