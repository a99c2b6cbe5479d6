// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOWebSocket
internal import PunctualCore
internal import ServiceLifecycle

extension RouteTable {
    /// Adds the stream of a user's events as a WebSocket.
    ///
    /// The request is one like any other, with its user, its checks and its problems, until the
    /// answer 101 has been sent; the rest of the connection belongs to ``WebSocketHandler``.
    mutating func addWebSocket(
        _ services: HTTPServices,
        _ configuration: HTTPConfiguration,
        _ slots: StreamSlots,
        _ origins: OriginGuard
    ) {
        let pingInterval = TimeAmount(configuration.keepAliveInterval)
        stream("/ws") { call in
            try origins.check(call.request)
            let subscription = try call.subscription()
            let fields = try await call.webSocketHandshake()
            let (stream, slot) = try await call.follow(subscription, services.updates, slots)
            let channel = call.context.channel
            return Response(
                status: .switchingProtocols,
                headers: fields,
                body: ResponseBody { _ in
                    defer { slot.release() }
                    try await channel.becomeWebSocket(pingInterval) { stream.cancel() }
                    await channel.send(stream)
                    try await channel.closeFuture.get()
                }
            )
        }
    }
}

extension Channel {
    /// The largest frame that a client may send, in bytes; it has nothing to say but pings.
    private static var maximumFrameSize: Int { 4_096 }

    /// Puts the handlers of a WebSocket in front of those of HTTP.
    fileprivate func becomeWebSocket(
        _ pingInterval: TimeAmount,
        onEnd: @escaping @Sendable () -> Void
    ) async throws {
        try await eventLoop.submit {
            let handlers: [any ChannelHandler] = [
                WebSocketFrameEncoder(),
                ByteToMessageHandler(
                    WebSocketFrameDecoder(maxFrameSize: Self.maximumFrameSize)
                ),
                WebSocketProtocolErrorHandler(),
                WebSocketHandler(pingInterval: pingInterval, onEnd: onEnd),
            ]
            try self.pipeline.syncOperations.addHandlers(handlers, position: .first)
        }.get()
    }

    /// Sends what comes out of a stream until either side ends it, and says why it ended.
    ///
    /// The next batch waits until the one before was written to the socket, so that a client that
    /// reads too slowly falls behind; it is closed and goes on from its last cursor.
    fileprivate func send(_ stream: any UpdateStream) async {
        await withGracefulShutdownHandler {
            do {
                while let messages = await stream.next() {
                    let texts = messages.map(\.webSocketText)
                    try await triggerUserOutboundEvent(WebSocketCommand.send(texts)).get()
                }
            } catch {
                // The client is gone; the handler has ended the stream.
            }
            triggerUserOutboundEvent(
                WebSocketCommand.close(.tryAgainLater, "Connect again, after the last cursor."),
                promise: nil
            )
        } onGracefulShutdown: {
            self.triggerUserOutboundEvent(
                WebSocketCommand.close(.goingAway, "This server stops; connect again."),
                promise: nil
            )
        }
    }
}

extension WebSocketErrorCode {
    /// 1013: the server cannot go on just now (IANA, WebSocket Close Code Number Registry).
    fileprivate static var tryAgainLater: Self { .unknown(1013) }
}

extension UpdateMessage {
    /// The bare event, with its cursor as one more member: a WebSocket has no other place for it.
    fileprivate var webSocketText: ByteBuffer {
        switch self {
        case .event(let event):
            var buffer = ByteBuffer()
            buffer.writeString("{\"cursor\":\"\(event.cursor)\",")
            buffer.writeSubstring(event.json.dropFirst())
            return buffer
        case .reset: return ByteBuffer(string: "{\"event_type\":\"reset\"}")
        }
    }
}
