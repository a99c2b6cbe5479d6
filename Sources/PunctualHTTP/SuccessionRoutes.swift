// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Bytes of the body: two short values.
    private static var maximumBody: Int { 4 << 10 }

    /// Adds what a `recurring` of another process asks for, by the sidecars of both.
    ///
    /// The database decides: for a task that is not completed, or has its next occurrence, nothing
    /// is done, and the answer is the same.
    mutating func addSuccessions(_ services: SidecarServices, _ tasks: TaskService) {
        guard let succeed = services.successions else { return }
        sidecar(.post, "/dapr/successions", services) { call in
            let body = try await call.json(limit: Self.maximumBody).value
            var reader = FieldReader()
            var (user, task): (String?, Int64?)
            reader.object(body, "") { reader, member, pointer in
                switch member.name {
                case "user_id": user = reader.string(member.value, pointer, limit: 255)
                case "task_id":
                    if case .integer(let id) = member.value { task = id }
                default: return false
                }
                return true
            }
            try reader.finish()
            guard let user else { throw Problem.invalid("/user_id", "Whose task it is.") }
            guard let task else { throw Problem.invalid("/task_id", "The id of the task.") }
            try await succeed(
                PendingSuccession(
                    shard: tasks.shard(of: User(id: user)),
                    userID: user,
                    taskID: task
                )
            )
            return Response(status: .noContent)
        }
    }
}
