// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds creating, reading, changing and deleting tasks.
    mutating func addTasks(_ services: HTTPServices, _ configuration: HTTPConfiguration) {
        let tasks = services.tasks
        let limit = configuration.maximumBodyBytes
        on(.post, "/api/tasks") { call in
            try await call.create(services, limit: limit)
        }
        aside(.post, "/api/tasks/batch") { call in
            try await call.createBatch(services, limit: configuration.maximumBatchBytes)
        }
        for path in ["/api/tasks", "/api/tasks/filter", "/api/tasks/search"] {
            aside(.get, path) { call in
                let query = try TaskQuery(
                    call.request.uri.query,
                    now: services.clock(),
                    needsSearch: path.hasSuffix("search")
                )
                return Response(page: try await tasks.tasks(matching: query, user: call.user))
            }
        }
        on(.get, "/api/tasks/{id}") { call in
            let task = try await tasks.task(call.id(), user: call.user)
            return Response(task: task, reminders: try await tasks.views(of: task))
        }
        aside(.patch, "/api/tasks/{id}") { call in
            let task = try await tasks.task(call.id(), user: call.user)
            let patch = try TaskPatch(await call.json(limit: limit).value, of: task)
            return Response(
                changed: try await tasks.update(
                    task.id,
                    with: patch,
                    ifMatch: call.ifMatch,
                    user: call.user
                )
            )
        }
        on(.delete, "/api/tasks/{id}") { call in
            Response(
                deletedMayHaveFired: try await tasks.delete(
                    call.id(),
                    ifMatch: call.ifMatch,
                    user: call.user
                )
            )
        }
        for method in [HTTPRequest.Method.patch, .post] {
            aside(method, "/api/tasks/{id}/complete") { call in
                Response(
                    completed: try await tasks.complete(
                        call.id(),
                        ifMatch: call.ifMatch,
                        user: call.user
                    )
                )
            }
            aside(method, "/api/tasks/{id}/reopen") { call in
                Response(
                    changed: try await tasks.reopen(
                        call.id(),
                        ifMatch: call.ifMatch,
                        user: call.user
                    )
                )
            }
        }
    }
}

extension Call {
    /// Creates one task.
    fileprivate func create(_ services: HTTPServices, limit: Int) async throws -> Response {
        let (bytes, value) = try await json(limit: limit)
        // The dates of a hostile rule take milliseconds to find; see `RouteTable.aside`.
        let isPlain = value["rrule"] == nil && value["recurrence_pattern"] == nil
        return try await withTaskExecutorPreference(isPlain ? nil : globalConcurrentExecutor) {
            try await idempotently(body: bytes, tasks: services.tasks) { idempotency in
                let draft = try TaskDraft(value, now: services.clock())
                let outcomes = try await services.tasks.create(
                    [.success(draft)],
                    user: user,
                    remembering: idempotency.map { key in { $0[0].remembered(by: key) } }
                )
                return try Response(created: outcomes[0].get())
            }
        }
    }

    /// Creates the tasks of an array, and answers an array of tasks or problems in its order.
    fileprivate func createBatch(_ services: HTTPServices, limit: Int) async throws -> Response {
        let (bytes, value) = try await json(limit: limit)
        guard case .array(let bodies) = value, (1...BodyLimits.batch).contains(bodies.count) else {
            throw Problem.invalid("", "Send an array of 1 to \(BodyLimits.batch) tasks.")
        }
        return try await idempotently(body: bytes, tasks: services.tasks) { idempotency in
            let now = services.clock()
            let drafts = bodies.map { body in
                Result { () throws(Problem) in try TaskDraft(body, now: now) }
            }
            let outcomes = try await services.tasks.create(
                drafts,
                user: user,
                remembering: idempotency.map { key in
                    { key.remembering(status: $0.batchStatus, body: $0.batchJSON.text) }
                }
            )
            return Response(
                status: outcomes.batchStatus,
                type: .json,
                body: outcomes.batchJSON.utf8
            )
        }
    }
}

extension Result<TaskItem, Problem> {
    /// The answer to the creation of one task, to be kept.
    fileprivate func remembered(by idempotency: Idempotency) -> RememberedAnswer {
        var writer = JSONWriter()
        switch self {
        case .success(let task):
            task.write(to: &writer)
            return idempotency.remembering(status: .created, body: writer.text)
        case .failure(let problem):
            let problem = HTTPProblem(problem)
            problem.write(to: &writer)
            return idempotency.remembering(status: problem.status, body: writer.text)
        }
    }
}

extension [Result<TaskItem, Problem>] {
    /// 201 when all were created, and otherwise 207.
    fileprivate var batchStatus: HTTPResponse.Status {
        let isWhole = allSatisfy { if case .success = $0 { true } else { false } }
        return isWhole ? .created : HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
    }

    /// The tasks and problems in their order; pointers begin with the place in the array.
    fileprivate var batchJSON: JSONWriter {
        var writer = JSONWriter()
        writer.array { writer in
            for (index, outcome) in enumerated() {
                switch outcome {
                case .success(let task): task.write(to: &writer)
                case .failure(let problem):
                    HTTPProblem(problem.nested(in: "/\(index)")).write(to: &writer)
                }
            }
        }
        return writer
    }
}
