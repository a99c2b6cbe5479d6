// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds making, listing and taking back the tokens of programs.
    ///
    /// A token that acts for others is made by the command line only, by whoever runs the server.
    mutating func addAPITokens(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        guard origins.isAuthenticated, let tokens = services.apiTokens else { return }
        on(.get, "/api/tokens") { call in
            Response(listing: try await tokens.all(of: call.user)) { $0.write(to: &$1, text: nil) }
        }
        on(.post, "/api/tokens") { call in
            let value = try await call.json(limit: configuration.maximumBodyBytes).value
            var reader = FieldReader()
            var (name, expiresAt): (String?, WallInstant?) = (nil, nil)
            reader.object(value, "") { reader, member, pointer in
                switch member.name {
                case "name": name = reader.string(member.value, pointer)
                case "expires_at":
                    expiresAt = reader.nullable(member.value) { $0.instant($1, pointer) }
                default: return false
                }
                return true
            }
            try reader.finish()
            guard let name else { throw Problem.invalid("/name", "is missing") }
            if let expiresAt, expiresAt <= services.clock() {
                throw Problem.invalid("/expires_at", "is past")
            }
            let made = try await tokens.make(name: name, expiresAt: expiresAt, user: call.user)
            return Response(
                status: .created,
                headers: [.location: "/api/tokens/\(made.token.id)"],
                json: { made.token.write(to: &$0, text: made.text) }
            )
        }
        on(.delete, "/api/tokens/{id}") { call in
            try await tokens.delete(call.id(), user: call.user)
            return Response(status: .noContent)
        }
    }
}

extension APIToken {
    fileprivate func write(to writer: inout JSONWriter, text: String?) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("name", name)
            writer.member("acts_for_others", actsForOthers)
            writer.member("created_at", createdAt)
            writer.member("expires_at", expiresAt)
            if let text { writer.member("token", text) }
        }
    }
}
