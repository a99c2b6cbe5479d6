// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PunctualCore

extension RouteTable {
    /// Bytes of the body of a job.
    private static var maximumBody: Int { 1 << 20 }

    /// Adds Dapr's Jobs API, under its stable path and the one that came before.
    mutating func addJobs(_ jobs: JobService, _ services: SidecarServices) {
        for path in ["/v1.0/jobs/{name}", "/v1.0-alpha1/jobs/{name}"] {
            sidecar(.get, path, services) { call in
                try await Self.answering {
                    Response(job: try await jobs.job(named: call.jobName))
                }
            }
            sidecar(.post, path, services) { call in
                let buffer = try await Self.body(of: call)
                return try await Self.answering {
                    let body: JSONValue
                    do throws(JSONError) {
                        body = try JSONReader.read(Array(buffer.readableBytesView))
                    } catch {
                        throw JobError(
                            .invalid,
                            "ERR_MALFORMED_REQUEST",
                            "The body is not JSON, at byte \(error.offset): \(error.reason)"
                        )
                    }
                    try await jobs.create(name: call.jobName, body: body)
                    return Response(status: .noContent)
                }
            }
            sidecar(.delete, path, services) { call in
                try await Self.answering {
                    try await jobs.delete(name: call.jobName)
                    return Response(status: .noContent)
                }
            }
        }
    }

    /// The whole body; like a sidecar, of any media type.
    private static func body(of call: Call) async throws -> ByteBuffer {
        do {
            return try await call.request.body.collect(upTo: maximumBody)
        } catch is NIOTooManyBytesError {
            throw HTTPProblem(.contentTooLarge, "The body may have \(maximumBody) bytes.")
        }
    }

    /// Answers a refusal in Dapr's form, which is what clients of Dapr read.
    private static func answering(_ body: () async throws -> Response) async throws -> Response {
        do {
            var response = try await body()
            // RFC 9110 §8.6 forbids it there.
            if response.status == .noContent { response.headers[.contentLength] = nil }
            return response
        } catch let error as JobError {
            let status: HTTPResponse.Status =
                switch error.kind {
                case .invalid: .badRequest
                case .notFound: .notFound
                case .exists: .conflict
                }
            return Response(status: status) { writer in
                writer.object { writer in
                    writer.member("errorCode", error.code)
                    writer.member("message", error.message)
                }
            }
        }
    }
}

extension Call {
    /// The name in the path.
    fileprivate var jobName: String {
        (context.parameters.get("name") ?? "").percentDecoded
    }
}

extension String {
    /// A segment of a path without its escapes (RFC 3986 §2.1); what is none stays as it is.
    fileprivate var percentDecoded: String {
        guard contains("%") else { return self }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                let escaped = UInt8(digits, radix: 16)
            {
                bytes.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Response {
    /// A job as Dapr shows it; what it does not have is left out.
    fileprivate init(job: Job) {
        self.init(json: { writer in
            writer.object { writer in
                writer.member("name", job.name)
                if let schedule = job.schedule { writer.member("schedule", schedule) }
                if let repeats = job.repeats { writer.member("repeats", Int64(repeats)) }
                if let dueTime = job.dueTime { writer.member("dueTime", dueTime) }
                if let ttl = job.ttl { writer.member("ttl", ttl) }
                if let data = job.data {
                    writer.name("data")
                    writer.object { writer in
                        writer.member("@type", "type.googleapis.com/google.protobuf.Value")
                        writer.name("value")
                        writer.raw(data)
                    }
                }
                if let policy = job.failurePolicy {
                    writer.name("failurePolicy")
                    writer.raw(policy)
                }
            }
        })
    }
}
