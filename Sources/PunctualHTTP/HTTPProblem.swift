// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

/// A refusal as the client sees it: an RFC 9457 problem document with its status.
struct HTTPProblem: Error, Sendable {
    /// Where a wrong value stands in the request.
    enum Place: Sendable, Equatable {
        /// In the body, by JSON pointer.
        case pointer(String)
        /// In the query, by name.
        case parameter(String)
        /// In the header, by field name.
        case header(String)
    }
    /// At most so many errors are listed, so that a hostile body gets no longer answer than it is.
    static let maximumErrors = 100

    var status: HTTPResponse.Status
    var detail: String
    var errors: [(place: Place, detail: String)] = []
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, _ detail: String) {
        (self.status, self.detail) = (status, detail)
    }

    init(_ status: HTTPResponse.Status, _ place: Place, _ detail: String) {
        self.init(status, detail)
        errors = [(place, detail)]
    }

    /// The answer to a refusal by the core.
    init(_ problem: Problem) {
        let status: HTTPResponse.Status =
            switch problem.code {
            case .invalid: .unprocessableContent
            case .notFound: .notFound
            case .preconditionFailed: .preconditionFailed
            case .conflict: .conflict
            case .unavailable: .serviceUnavailable
            }
        self.init(status, problem.detail)
        errors = problem.fields.map { (.pointer($0.pointer), $0.detail) }
        if problem.code == .unavailable { headers[.retryAfter] = "1" }
    }

    /// The answer to anything that was thrown while a request was handled.
    init(_ error: any Error) {
        switch error {
        case let problem as HTTPProblem: self = problem
        case let problem as Problem: self.init(problem)
        case TaskStoreError.conflict:
            self.init(.conflict, "It was changed by somebody else at the same time; try again.")
        case let error as HTTPError where error.status == .notFound:
            self.init(.notFound, "There is nothing at this path.")
        case let error as any HTTPResponseError:
            self.init(error.status, error.status.reasonPhrase)
        default:
            self.init(.serviceUnavailable, "The request could not be carried out; try again.")
            headers[.retryAfter] = "1"
        }
    }

    /// Writes the document.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "about:blank")
            writer.member("title", status.reasonPhrase)
            writer.member("status", Int64(status.code))
            writer.member("detail", detail)
            guard !errors.isEmpty else { return }
            writer.name("errors")
            writer.array { writer in
                for error in errors.prefix(Self.maximumErrors) {
                    writer.object { writer in
                        switch error.place {
                        case .pointer(let pointer): writer.member("pointer", pointer)
                        case .parameter(let name): writer.member("parameter", name)
                        case .header(let name): writer.member("header", name)
                        }
                        writer.member("detail", error.detail)
                    }
                }
            }
        }
    }

    /// The document as an answer.
    var response: Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(
            status: status,
            type: .problem,
            body: writer.utf8,
            headers: headers
        )
    }
}
