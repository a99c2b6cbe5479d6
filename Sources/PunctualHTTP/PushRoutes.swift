// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds the server's key for Web Push, and the browsers that are told of reminders.
    mutating func addPush(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        guard let push = services.push else { return }
        let limit = configuration.maximumBodyBytes
        on(.get, "/api/push/key") { _ in
            Response(json: { writer in
                writer.object { $0.member("public_key", push.publicKey) }
            })
        }
        on(.post, "/api/me/push-subscriptions") { call in
            let fields = try SubscriptionFields(await call.json(limit: limit).value)
            try await push.subscribe(fields.subscription(), user: call.user)
            return Response(status: .noContent)
        }
        on(.delete, "/api/me/push-subscriptions") { call in
            let fields = try SubscriptionFields(await call.json(limit: limit).value)
            try await push.unsubscribe(fields.endpoint, user: call.user)
            return Response(status: .noContent)
        }
    }
}

/// A subscription as a browser gives it (W3C Push API, `PushSubscription.toJSON`).
private struct SubscriptionFields {
    let endpoint: String
    private let publicKey: [UInt8]?
    private let secret: [UInt8]?

    init(_ value: JSONValue) throws(Problem) {
        var reader = FieldReader()
        var (endpoint, publicKey, secret): (String?, [UInt8]?, [UInt8]?) = (nil, nil, nil)
        reader.object(value, "") { reader, member, pointer in
            switch member.name {
            case "endpoint":
                endpoint = reader.string(
                    member.value,
                    pointer,
                    limit: PushSubscription.maximumEndpoint
                )
            case "keys":
                reader.object(member.value, pointer) { reader, member, pointer in
                    switch member.name {
                    case "p256dh": publicKey = reader.base64URL(member.value, pointer, count: 65)
                    case "auth": secret = reader.base64URL(member.value, pointer, count: 16)
                    default: return false
                    }
                    return true
                }
            // A browser says when it ends; its push service will say so too.
            case "expirationTime":
                switch member.value {
                case .null, .integer, .number: break
                default: reader.refuse(pointer, "is a number of milliseconds, or null")
                }
            default: return false
            }
            return true
        }
        try reader.finish()
        guard let endpoint else { throw Problem.invalid("/endpoint", "is missing") }
        (self.endpoint, self.publicKey, self.secret) = (endpoint, publicKey, secret)
    }

    func subscription() throws(Problem) -> PushSubscription {
        guard let publicKey, let secret else {
            throw Problem.invalid("/keys", "has p256dh and auth")
        }
        return PushSubscription(endpoint: endpoint, publicKey: publicKey, secret: secret)
    }
}

extension FieldReader {
    /// Reads so many bytes in base64url.
    fileprivate mutating func base64URL(
        _ value: JSONValue,
        _ pointer: String,
        count: Int
    ) -> [UInt8]? {
        guard let text = string(value, pointer, limit: 200) else { return nil }
        guard let bytes = Base64.decodeURL(text), bytes.count == count else {
            refuse(pointer, "\(count) bytes in base64url, as a browser gives them.")
            return nil
        }
        return bytes
    }
}
