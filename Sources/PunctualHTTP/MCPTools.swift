// SPDX-License-Identifier: Apache-2.0

internal import PunctualCore
internal import PunctualTime

/// The tools of one user: what the API does, with arguments in place of path, query and body.
///
/// They are read by what reads those, so that an agent finds the same fields and the same errors.
struct MCPTools {
    let services: HTTPServices
    let user: User

    /// Calls a tool.
    ///
    /// - Returns: the object that it answers.
    /// - Throws: a problem that names the argument at fault.
    func call(_ tool: MCPTool, _ arguments: JSONValue) async throws -> JSONWriter {
        guard case .object = arguments else {
            throw Problem.invalid("", "The arguments are an object.")
        }
        var writer = JSONWriter()
        switch tool {
        case .addTask:
            let draft = try TaskDraft(arguments, now: services.clock())
            let outcomes = try await services.tasks.create([.success(draft)], user: user)
            try outcomes[0].get().write(to: &writer)
        case .listTasks:
            let query = try TaskQuery(arguments.query, now: services.clock())
            let page = try await services.tasks.tasks(matching: query, user: user)
            writer.object { writer in
                writer.name("items")
                writer.array { writer in for task in page.items { task.write(to: &writer) } }
                writer.member("next_cursor", page.nextCursor)
            }
        case .updateTask:
            let task = try await services.tasks.task(id(in: arguments), user: user)
            let patch = try TaskPatch(arguments, of: task)
            try await services.tasks.update(task.id, with: patch, user: user)
                .write(to: &writer, withNext: patch.status == .completed)
        case .completeTask:
            try await services.tasks.complete(onlyID(in: arguments), user: user)
                .write(to: &writer, withNext: true)
        case .deleteTask:
            let id = try onlyID(in: arguments)
            let mayHaveFired = try await services.tasks.delete(id, user: user)
            writer.object { writer in
                writer.member("id", id)
                writer.member("deleted", true)
                writer.member("may_have_fired", mayHaveFired)
            }
        case .setReminder:
            let id = try id(in: arguments)
            var reader = FieldReader()
            let input = reader.reminder(arguments, "")
            try reader.finish()
            guard let input else { throw Problem.invalid("", "It is no reminder.") }
            try await services.tasks.addReminder(input, to: id, user: user).write(to: &writer)
        case .previewRecurrence:
            try RecurrencePreview(arguments).write(to: &writer, services)
        }
        return writer
    }

    /// The task that the arguments name.
    private func id(in arguments: JSONValue) throws(Problem) -> Int64 {
        var reader = FieldReader()
        let id = arguments["id"].flatMap { reader.integer($0, "/id") }
        if arguments["id"] == nil {
            reader.refuse("/id", "Say which task; list_tasks has the ids.")
        }
        try reader.finish()
        return Int64(id ?? 0)
    }

    /// The task that the arguments name, when they name nothing else.
    private func onlyID(in arguments: JSONValue) throws(Problem) -> Int64 {
        var reader = FieldReader()
        reader.object(arguments, "") { _, member, _ in member.name == "id" }
        try reader.finish()
        return try id(in: arguments)
    }
}

extension ChangeAnswer {
    /// Writes the task as it is now, with the one that follows it where that is of interest.
    fileprivate func write(to writer: inout JSONWriter, withNext: Bool) {
        task.write(to: &writer) { writer in
            writer.member("may_have_fired", mayHaveFired)
            guard withNext else { return }
            writer.name("next_task")
            if let next { next.write(to: &writer) } else { writer.null() }
        }
    }
}

extension JSONValue {
    /// The members of an object as the query of a URI: lists with commas, `null` left out.
    fileprivate var query: String {
        guard case .object(let members) = self else { return "" }
        return members.filter { $0.value != .null }
            .map { "\($0.name.percentEncoded)=\($0.value.parameter)" }
            .joined(separator: "&")
    }

    private var parameter: String {
        switch self {
        case .string(let text): text.percentEncoded
        case .array(let elements): elements.map(\.parameter).joined(separator: ",")
        default: text.percentEncoded
        }
    }
}

extension String {
    /// The text with all but letters, digits and `-._~` percent-encoded (RFC 3986 §2.3).
    fileprivate var percentEncoded: String {
        utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(Unicode.Scalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}
