// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore
internal import PunctualTime

extension RouteTable {
    /// Adds reading, replacing and forgetting the conversations of a chat agent.
    mutating func addConversations(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        guard let store = services.conversations else { return }
        let path = "/api/conversations/{id}"
        on(.get, path) { call in
            guard let conversation = try await store.conversation(call.conversation(services.tasks))
            else { throw Problem(.notFound, "There is no such conversation.") }
            return Response(conversation: conversation)
        }
        on(.put, path) { call in
            let key = try call.conversation(services.tasks)
            let condition = try call.writeCondition
            let body = try await call.json(limit: configuration.maximumBodyBytes).value
            let fields = try ConversationFields(body)
            let kept = try await store.put(
                key,
                messages: fields.messages,
                metadata: fields.metadata,
                ttlSeconds: fields.ttlSeconds,
                if: condition
            )
            guard let kept else { throw Call.conversationWasChanged }
            let isNew = kept.createdAt == kept.updatedAt
            return Response(conversation: kept, status: isNew ? .created : .ok)
        }
        on(.delete, path) { call in
            let key = try call.conversation(services.tasks)
            guard try await store.delete(key, if: call.writeCondition) else {
                guard try await store.conversation(key) == nil else {
                    throw Call.conversationWasChanged
                }
                throw Problem(.notFound, "There is no such conversation.")
            }
            var response = Response(status: .noContent)
            // RFC 9110 §8.6 forbids it here.
            response.headers[.contentLength] = nil
            return response
        }
    }
}

extension Call {
    /// The conversation that the path names; one of a name that none can have is not found.
    fileprivate func conversation(_ tasks: TaskService) throws -> ConversationKey {
        let id = context.parameters.get("id") ?? ""
        guard (1...BodyLimits.conversationID).contains(id.utf8.count),
            id.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
        else {
            throw Problem(
                .notFound,
                "The id of a conversation has 1 to \(BodyLimits.conversationID) bytes of text."
            )
        }
        let user = try user
        return ConversationKey(shard: tasks.shard(of: user), userID: user.id, id: id)
    }

    /// What `If-Match` and `If-None-Match` ask for.
    fileprivate var writeCondition: WriteCondition {
        get throws {
            if let version = try ifMatch { return .version(version) }
            if request.headers[.ifMatch] != nil { return .present }
            guard let field = request.headers[.ifNoneMatch] else { return .none }
            guard field == "*" else {
                throw HTTPProblem(
                    .preconditionFailed,
                    .header("If-None-Match"),
                    "Here it can only be *, which asks that there is none yet."
                )
            }
            return .absent
        }
    }

    fileprivate static let conversationWasChanged = Problem(
        .preconditionFailed,
        "The conversation has another version than If-Match or If-None-Match asks for."
    )
}

/// A conversation as a body gives it.
private struct ConversationFields {
    /// How long one is kept that does not say it: 30 days.
    static let standardTTLSeconds: Int64 = 30 * 86_400
    /// The longest that one may be kept: a year.
    static let maximumTTLSeconds: Int64 = 366 * 86_400

    var messages = "[]"
    var metadata: String?
    var ttlSeconds = Self.standardTTLSeconds

    init(_ body: JSONValue) throws(Problem) {
        var reader = FieldReader()
        var given: String?
        reader.object(body, "") { reader, member, pointer in
            switch member.name {
            case "messages":
                given = reader.list(member.value, pointer, limit: BodyLimits.messages) {
                    $0.message($1, $2)
                }.map { _ in member.value.text }
            case "metadata":
                guard member.value != .null else { break }
                guard case .object = member.value else {
                    reader.refuse(pointer, "It should be an object, not \(member.value.kind).")
                    break
                }
                metadata = member.value.text
            case "ttl":
                ttlSeconds = reader.nullable(member.value) { $0.ttl($1, pointer) } ?? ttlSeconds
            // What an answer says beside it, so that one can be edited and sent back.
            case "id", "created_at", "updated_at", "expires_at", "version": break
            default: return false
            }
            return true
        }
        if case .object = body, body["messages"] == nil {
            reader.refuse("/messages", "A conversation needs its messages, if only [].")
        }
        try reader.finish()
        messages = given ?? messages
    }
}

extension FieldReader {
    /// Reads a message: an object with a `role`; all else in it is the client's own.
    fileprivate mutating func message(_ value: JSONValue, _ pointer: String) -> JSONValue? {
        guard case .object = value else {
            refuse(pointer, "It should be an object, not \(value.kind).")
            return nil
        }
        guard let role = value["role"] else {
            refuse("\(pointer)/role", "A message needs a role, such as user or assistant.")
            return nil
        }
        return string(role, "\(pointer)/role", limit: BodyLimits.role).map { _ in value }
    }

    /// Reads how long to keep something, rounded up to whole seconds.
    fileprivate mutating func ttl(_ value: JSONValue, _ pointer: String) -> Int64? {
        guard let duration = duration(value, pointer) else { return nil }
        let seconds = Int64(duration.days) * 86_400 + Int64(duration.seconds)
        guard (1...ConversationFields.maximumTTLSeconds).contains(seconds) else {
            refuse(pointer, "From PT1S to P366D.")
            return nil
        }
        return seconds
    }
}

extension Response {
    /// A conversation.
    fileprivate init(conversation: Conversation, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [.eTag: "\"\(conversation.version)\""],
            json: { writer in
                writer.object { writer in
                    writer.member("id", conversation.id)
                    writer.name("messages")
                    writer.raw(conversation.messages)
                    writer.name("metadata")
                    writer.raw(conversation.metadata ?? "null")
                    writer.member("created_at", conversation.createdAt)
                    writer.member("updated_at", conversation.updatedAt)
                    writer.member("expires_at", conversation.expiresAt)
                    writer.member("version", conversation.version)
                }
            }
        )
    }
}
