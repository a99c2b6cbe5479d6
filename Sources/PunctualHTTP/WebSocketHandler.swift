// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOWebSocket

/// The server's end of a WebSocket that only sends (RFC 6455).
///
/// It stands in front of the connection's HTTP handlers, which see nothing of it but its end. What
/// is to be sent comes as an event from the far side of them, see ``WebSocketCommand``.
///
/// ```
///  open ── close sent ──► closing ── close received, or 2 s ──► closed
///    └──── close received, and answered ─────────────────────────┘
/// ```
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Any
    typealias OutboundOut = WebSocketFrame

    private enum Phase { case open, closing, closed }

    /// How long a client has to answer a close before the connection is cut.
    private static let closeTimeout = TimeAmount.seconds(2)

    private let pingInterval: TimeAmount
    private let onEnd: @Sendable () -> Void
    private var phase = Phase.open
    private var awaitsPong = false
    private var timer: Scheduled<Void>?

    /// Creates it; `onEnd` is called, perhaps more than once, when nothing can be sent any more.
    init(pingInterval: TimeAmount, onEnd: @escaping @Sendable () -> Void) {
        (self.pingInterval, self.onEnd) = (pingInterval, onEnd)
    }

    func handlerAdded(context: ChannelHandlerContext) { scheduleBeat(context) }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Half a connection is of no use to a WebSocket.
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A frame that cannot be read was answered by the handler before, which closes.
        end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        guard frame.maskKey != nil, frame.reservedBits.isEmpty else {
            return close(context, .protocolError, "Frames of a client are masked and plain.")
        }
        switch frame.opcode {
        case .ping:
            // One that reads none of the answers gets no more of them.
            guard phase == .open, context.channel.isWritable else { return }
            write(context, .pong, frame.unmaskedData)
        case .pong: awaitsPong = false
        case .connectionClose: answerClose(context, frame.unmaskedData)
        case .text, .binary, .continuation:
            close(context, .unacceptableData, "This socket only sends; change tasks over HTTP.")
        default: close(context, .protocolError, "There is no such kind of frame.")
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // HTTP has nothing to say here any more.
        promise?.fail(ChannelError.ioOnClosedChannel)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard let command = event as? WebSocketCommand else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        guard phase == .open else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch command {
        case .send(let texts):
            for text in texts.dropLast() {
                context.write(Self.wrapOutboundOut(.text(text)), promise: nil)
            }
            guard let last = texts.last else {
                promise?.succeed()
                return
            }
            context.writeAndFlush(Self.wrapOutboundOut(.text(last)), promise: promise)
        case .close(let code, let reason):
            close(context, code, reason)
            promise?.succeed()
        }
    }

    /// Pings, and cuts a client that has not answered the ping before.
    private func scheduleBeat(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pingInterval) {
            guard self.phase == .open else { return }
            if self.awaitsPong {
                self.close(context, .policyViolation, "No pong came for a ping.")
                context.close(promise: nil)
                return
            }
            self.awaitsPong = true
            self.write(context, .ping, ByteBuffer())
            self.scheduleBeat(context)
        }
    }

    private func close(
        _ context: ChannelHandlerContext,
        _ code: WebSocketErrorCode,
        _ reason: String
    ) {
        guard phase == .open else { return }
        phase = .closing
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(reason)
        write(context, .connectionClose, data)
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.closeTimeout) {
            context.close(promise: nil)
        }
        onEnd()
    }

    /// Answers a close with its own code (RFC 6455 §5.5.1), or takes it as the answer to ours.
    private func answerClose(_ context: ChannelHandlerContext, _ data: ByteBuffer) {
        if phase == .open {
            var answer = data
            write(context, .connectionClose, answer.readSlice(length: 2) ?? ByteBuffer())
        }
        end()
        context.close(promise: nil)
    }

    private func end() {
        phase = .closed
        timer?.cancel()
        onEnd()
    }

    private func write(
        _ context: ChannelHandlerContext,
        _ opcode: WebSocketOpcode,
        _ data: ByteBuffer
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: data)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}

/// What the handler of a WebSocket is asked to do.
enum WebSocketCommand: Sendable {
    /// Send texts, a message each; done when the last of them was written to the socket.
    case send([ByteBuffer])
    /// Say why, and close; done when that is under way.
    case close(WebSocketErrorCode, String)
}

extension WebSocketFrame {
    fileprivate static func text(_ data: ByteBuffer) -> Self {
        WebSocketFrame(fin: true, opcode: .text, data: data)
    }
}
