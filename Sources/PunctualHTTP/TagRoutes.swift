// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds listing, adding, changing and removing tags.
    mutating func addTags(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        let tags = services.tags
        let limit = configuration.maximumBodyBytes
        on(.get, "/api/tags") { call in
            Response(listing: try await tags.all(of: call.user)) { $0.write(to: &$1) }
        }
        on(.post, "/api/tags") { call in
            let fields = try TagFields(await call.json(limit: limit).value)
            guard let name = fields.name else { throw Problem.invalid("/name", "is missing") }
            let tag = try await tags.add(
                name: name,
                color: fields.color.applied(to: nil),
                user: call.user
            )
            return Response(
                status: .created,
                headers: [.location: "/api/tags/\(tag.id)"],
                json: { tag.write(to: &$0) }
            )
        }
        on(.patch, "/api/tags/{id}") { call in
            let id = try call.id()
            let fields = try TagFields(await call.json(limit: limit).value)
            let tag = try await tags.update(
                id,
                name: fields.name,
                color: fields.color,
                user: call.user
            )
            return Response(json: { tag.write(to: &$0) })
        }
        on(.delete, "/api/tags/{id}") { call in
            try await tags.delete(call.id(), user: call.user)
            return Response(status: .noContent)
        }
    }
}

/// The members of a tag that a request gives.
private struct TagFields {
    private(set) var name: String?
    private(set) var color = Update<String>.keep

    init(_ value: JSONValue) throws {
        var reader = FieldReader()
        var (name, color) = (self.name, self.color)
        reader.object(value, "") { reader, member, pointer in
            switch member.name {
            case "name": name = reader.string(member.value, pointer)
            case "color": color = reader.update(member.value) { $0.color($1, pointer) }
            case "id": break
            default: return false
            }
            return true
        }
        try reader.finish()
        (self.name, self.color) = (name, color)
    }
}

extension FieldReader {
    /// Reads `#rrggbb`.
    fileprivate mutating func color(_ value: JSONValue, _ pointer: String) -> String? {
        guard let text = string(value, pointer) else { return nil }
        guard text.utf8.count == 7, text.hasPrefix("#"),
            text.dropFirst().allSatisfy({ $0.isASCII && $0.isHexDigit })
        else {
            refuse(pointer, "A colour is # and six hexadecimal digits, such as #2563eb.")
            return nil
        }
        return text.lowercased()
    }
}
