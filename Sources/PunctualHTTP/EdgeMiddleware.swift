// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import PunctualCore
internal import PunctualTime

/// What happens to every request: it is measured, and whatever is thrown becomes a problem.
struct EdgeMiddleware: RouterMiddleware {
    let metrics: HTTPMetrics
    let crossOrigin: CrossOrigin
    let clock: WallClock
    /// Takes what each request took, if anybody wants to know.
    let traces: SpanRecorder?

    func handle(
        _ request: Request,
        context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let trace = TraceContext(traceparent: request.headers[named: "traceparent"])
        return await TraceContext.$current.withValue(trace) {
            let start = clock()
            let response = await measured(request, context: context, next: next)
            if trace.isSampled, let traces {
                let (method, status) = (request.method.rawValue, response.status.code)
                let route = context.coreContext.endpointPath.value ?? "NotFound"
                traces(
                    TraceSpan(
                        trace: trace,
                        name: "\(method) \(route)",
                        kind: .server,
                        attributes: [
                            ("http.request.method", .text(method)), ("http.route", .text(route)),
                            ("http.response.status_code", .integer(status)),
                        ],
                        hasFailed: status >= 500,
                        start: UInt64(clamping: start.microsecondsSinceEpoch) * 1_000,
                        end: UInt64(clamping: clock().microsecondsSinceEpoch) * 1_000
                    )
                )
            }
            return response
        }
    }

    private func measured(
        _ request: Request,
        context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async -> Response {
        let start = ContinuousClock.now
        var response: Response
        do {
            response =
                if let preflight = crossOrigin.preflight(request) { preflight } else {
                    try await next(request, context)
                }
        } catch {
            let problem = HTTPProblem(error)
            if problem.status.kind == .serverError {
                context.logger.error(
                    "request failed",
                    metadata: ["http.path": "\(request.uri.path)", "error": "\(error)"]
                )
            }
            response = problem.response
        }
        crossOrigin.mark(&response, to: request)
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        metrics.record(
            route: context.coreContext.endpointPath.value ?? "NotFound",
            method: request.method,
            status: response.status,
            elapsed: ContinuousClock.now - start
        )
        return response
    }
}
