// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

extension Call {
    /// The fields of the answer 101 that makes the connection a WebSocket (RFC 6455 §4.2.2).
    ///
    /// - Throws: 426 when the request asks for no WebSocket, or for another version of it.
    func webSocketHandshake() async throws -> HTTPFields {
        guard request.headers.lists("websocket", in: .upgrade),
            request.headers.lists("upgrade", in: .connection),
            let version = request.headers[.secWebSocketVersion],
            // 16 bytes in Base64.
            let key = request.headers[.secWebSocketKey], key.utf8.count == 24
        else { throw Self.noWebSocket }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri.path)
        head.headers = ["Sec-WebSocket-Version": version, "Sec-WebSocket-Key": key]
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        do {
            let answer = try await upgrader.buildUpgradeResponse(
                channel: context.channel,
                upgradeRequest: head,
                initialResponseHeaders: [:]
            ).get()
            var fields = HTTPFields()
            for (name, value) in answer { fields[named: name] = value }
            return fields
        } catch is NIOWebSocketUpgradeError { throw Self.noWebSocket }
    }

    private static var noWebSocket: HTTPProblem {
        var problem = HTTPProblem(
            HTTPResponse.Status(code: 426, reasonPhrase: "Upgrade Required"),
            "This is a WebSocket of version 13; open it with a WebSocket client."
        )
        problem.headers[.upgrade] = "websocket"
        problem.headers[.connection] = "upgrade"
        problem.headers[.secWebSocketVersion] = "13"
        return problem
    }
}

extension HTTPFields {
    /// Whether a field that is a list names `token`, in whatever case.
    fileprivate func lists(_ token: String, in name: HTTPField.Name) -> Bool {
        self[values: name].contains { value in
            value.split(separator: ",").contains {
                $0.lowercased().filter { !$0.isWhitespace } == token
            }
        }
    }
}
