// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server on a loopback port that answers as the test says, and remembers what came.
final class WebhookReceiver: Sendable {
    struct Request: Sendable {
        var path: String
        var headers: HTTPHeaders
        var body: String
        var bytes: [UInt8] = []
    }
    struct Answer: Sendable {
        var status = 200
        var headers: HTTPHeaders = [:]
        var body = ""
        /// Whether the answer never comes.
        var isSilent = false
    }
    let requests = Watched<[Request]>([])
    let port: Int
    private let channel: any Channel

    private init(channel: any Channel, port: Int) { (self.channel, self.port) = (channel, port) }

    /// Runs a server while `body` uses it.
    static func running(
        answer: @escaping @Sendable (Int, Request) -> Answer,
        _ body: (WebhookReceiver) async throws -> Void
    ) async throws {
        let handle = Mutex<(@Sendable (Request) -> Answer)?>(nil)
        let receive: @Sendable (Request) -> Answer = { request in
            handle.withLock { $0 }?(request) ?? Answer(status: 503)
        }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(Handler(receive: receive))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let receiver = WebhookReceiver(
            channel: channel,
            port: channel.localAddress?.port ?? 0
        )
        handle.withLock {
            $0 = { request in
                let number = receiver.requests.change { requests in
                    requests.append(request)
                    return requests.count
                }
                return answer(number, request)
            }
        }
        do {
            try await body(receiver)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let receive: @Sendable (Request) -> Answer
        private var request: Request?

        init(receive: @escaping @Sendable (Request) -> Answer) { self.receive = receive }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                request = Request(path: head.uri, headers: head.headers, body: "")
            case .body(let buffer):
                request?.body += String(buffer: buffer)
                request?.bytes += Array(buffer.readableBytesView)
            case .end:
                guard let request else { return }
                respond(receive(request), context: context)
            }
        }

        private func respond(_ answer: Answer, context: ChannelHandlerContext) {
            guard !answer.isSilent else { return }
            var headers = answer.headers
            headers.add(name: "content-length", value: "\(answer.body.utf8.count)")
            let head = HTTPResponseHead(
                version: .http1_1,
                status: .init(statusCode: answer.status),
                headers: headers
            )
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))),
                promise: nil
            )
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
