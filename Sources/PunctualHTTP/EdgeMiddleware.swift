// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// What happens to every request: it is measured, and whatever is thrown becomes a problem.
struct EdgeMiddleware: RouterMiddleware {
    let metrics: HTTPMetrics
    let crossOrigin: CrossOrigin

    func handle(
        _ request: Request,
        context: EdgeContext,
        next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let trace = TraceContext(traceparent: request.headers[named: "traceparent"])
        return await TraceContext.$current.withValue(trace) {
            await measured(request, context: context, next: next)
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
