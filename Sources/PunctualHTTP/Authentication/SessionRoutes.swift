// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds signing in and out where users are known by tokens.
    mutating func addSession(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        guard origins.isAuthenticated else { return }
        let (authenticator, origins, clock) = (authenticator, origins, services.clock)
        open(.post, "/api/session") { call in
            try origins.check(call.request)
            let value = try await call.json(limit: configuration.maximumBodyBytes).value
            var reader = FieldReader()
            var token: String?
            reader.object(value, "") { reader, member, pointer in
                guard member.name == "token" else { return false }
                token = reader.string(member.value, pointer)
                return true
            }
            try reader.finish()
            guard let token else { throw Problem.invalid("/token", "is missing") }
            // Only what is proved to be a token gets into a cookie: it has no separators of one.
            let user = try await authenticator.user(of: [.authorization: "Bearer \(token)"])
            let expiry = await authenticator.expiry(of: token)
            let seconds = expiry.map { $0.secondsSinceEpoch - clock().secondsSinceEpoch }
            return Response(
                headers: SessionCookie.fields(
                    keeping: token,
                    for: seconds,
                    isSecure: call.isSecure
                ),
                json: { $0.object { $0.member("user_id", user.id) } }
            )
        }
        open(.delete, "/api/session") { call in
            try origins.check(call.request)
            var response = Response(status: .noContent)
            response.headers = SessionCookie.fields(keeping: nil, isSecure: call.isSecure)
            return response
        }
    }
}
