// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A connection over which a test sends and receives bytes as they are.
final class RawClient: Sendable {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let inbound: AsyncStream<String>

    private init(
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        inbound: AsyncStream<String>
    ) {
        (self.outbound, self.inbound) = (outbound, inbound)
    }

    /// Connects, runs `body` and closes the connection.
    static func connect<Value: Sendable>(
        port: Int,
        _ body: @Sendable (RawClient) async throws -> Value
    ) async throws -> Value {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            let (texts, feed) = AsyncStream<String>.makeStream()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await buffer in inbound { feed.yield(String(buffer: buffer)) }
                    feed.finish()
                }
                let value = try await body(RawClient(outbound: outbound, inbound: texts))
                group.cancelAll()
                return value
            }
        }
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Waits until `text` has been received, and gives all that came with it.
    ///
    /// Chunk framing is left out where it stands between lines of events.
    func receive(until text: String) async throws -> String {
        var received = ""
        for await piece in inbound {
            received += piece
            if received.contains(text) { return received }
        }
        throw Closed(received: received)
    }

    /// The connection was closed before the text came.
    struct Closed: Error { let received: String }
}
