// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import PunctualCore

extension RouteTable {
    /// Adds the tools of a chat agent: the Model Context Protocol over streamable HTTP.
    ///
    /// No session is kept and no stream opened: each `POST` carries a message and is answered with
    /// JSON, which the protocol allows, and a `GET` is answered 405, by which clients know it.
    mutating func addMCP(
        _ services: HTTPServices,
        _ configuration: HTTPConfiguration,
        _ origins: OriginGuard
    ) {
        aside(.post, "/mcp") { call in
            try origins.check(call.request)
            let server = MCPServer(
                tools: MCPTools(services: services, user: try call.user),
                version: configuration.programVersion,
                logger: call.context.logger
            )
            if let version = call.request.headers[named: "MCP-Protocol-Version"],
                !MCPServer.versions.contains(version)
            {
                let known = MCPServer.versions.joined(separator: " and ")
                return .init(mcp: .error(.null, .invalidRequest, "This server speaks \(known)."))
            }
            let bytes = try await call.body(
                limit: configuration.maximumBodyBytes,
                accepts: ["application/json"]
            )
            do {
                return Response(mcp: await server.answer(try JSONReader.read(bytes)))
            } catch let error as JSONError {
                return .init(
                    mcp: .error(.null, .parseError, "Byte \(error.offset): \(error.reason)")
                )
            }
        }
    }
}

extension Response {
    /// What the server says to a message, or 202 where there is nothing to say.
    fileprivate init(mcp answer: MCPAnswer) {
        switch answer {
        case .none: self.init(status: .accepted)
        case .message(let writer), .batch(let writer):
            self.init(status: .ok, type: .json, body: writer.utf8)
        case .refusal(let writer):
            self.init(status: .badRequest, type: .json, body: writer.utf8)
        }
    }
}
