// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import PunctualCore

/// What Hummingbird and the routes know of a request beside the request itself.
struct EdgeContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection it came on.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Which handler answers which method on which path.
///
/// It knows all methods of a path, so that any other one is refused with `Allow` (RFC 9110
/// §15.5.6), and it answers `HEAD` wherever there is a `GET` that ends.
struct RouteTable {
    typealias Handler = @Sendable (Call) async throws -> Response

    private struct Route {
        let method: HTTPRequest.Method
        let isOpen: Bool
        let handler: Handler
    }
    /// The methods of RFC 9110 and RFC 5789, and the coming QUERY (httpbis-safe-method-w-body).
    static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
        HTTPRequest.Method("QUERY"),
    ].compactMap(\.self)

    let authenticator: any Authenticator
    let origins: OriginGuard
    let limiter: RateLimiter?
    private var routes: [String: [Route]] = [:]

    init(authenticator: any Authenticator, origins: OriginGuard, limiter: RateLimiter? = nil) {
        (self.authenticator, self.origins, self.limiter) = (authenticator, origins, limiter)
    }

    /// Every method and path, and whether the path is open to all.
    var all: [(method: HTTPRequest.Method, path: String, isOpen: Bool)] {
        routes.flatMap { path, routes in routes.map { ($0.method, path, $0.isOpen) } }
    }

    /// Adds a route of the API: its user is known before it is handled.
    mutating func on(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        add(Route(method: method, isOpen: false, handler: handler), path)
    }

    /// Adds a route whose handler may compute for milliseconds: it runs on Swift's thread pool.
    ///
    /// Others run on the event loop of their connection, where they would delay every event that
    /// leaves through it.
    mutating func aside(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ handler: @escaping Handler
    ) {
        on(method, path) { call in
            try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await handler(call)
            }
        }
    }

    /// Adds a route that belongs to no user: for whoever operates the process, or to sign in.
    mutating func open(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ handler: @escaping Handler
    ) {
        add(Route(method: method, isOpen: true, handler: handler), path)
    }

    /// Adds a route whose answer has no end, so that there is no `HEAD` of it.
    mutating func stream(_ path: String, _ handler: @escaping Handler) {
        routes[path, default: []].append(Route(method: .get, isOpen: false, handler: handler))
    }

    private mutating func add(_ route: Route, _ path: String) {
        routes[path, default: []].append(route)
        guard route.method == .get else { return }
        let head = Route(method: .head, isOpen: route.isOpen) { call in
            try await route.handler(call).createHeadResponse()
        }
        routes[path, default: []].append(head)
    }

    /// Adds all routes to a router.
    func install(in router: Router<EdgeContext>) {
        for (path, routes) in routes {
            let path = RouterPath(path)
            for route in routes {
                router.on(path, method: route.method) {
                    [authenticator, origins, limiter] request, context in
                    if !route.isOpen, origins.isAuthenticated {
                        try SessionCookie.check(request, origins)
                    }
                    let user =
                        route.isOpen
                        ? nil : try await authenticator.user(of: request.headers)
                    if let user { try limiter?.admit(user.id) }
                    return try await route.handler(
                        Call(request: request, context: context, user: user)
                    )
                }
            }
            let allowed = Set(routes.map(\.method))
            let allow = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !allowed.contains(method) {
                router.on(path, method: method) { request, _ -> Response in
                    var problem = HTTPProblem(
                        .methodNotAllowed,
                        "This path takes \(allow), not \(request.method)."
                    )
                    problem.headers[.allow] = allow
                    throw problem
                }
            }
        }
    }
}
