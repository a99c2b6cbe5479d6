// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTPTypes
internal import PunctualCore
internal import ServiceLifecycle
internal import Synchronization

extension RouteTable {
    /// Adds the stream of a user's events.
    mutating func addUpdates(
        _ services: HTTPServices,
        _ configuration: HTTPConfiguration,
        _ slots: StreamSlots
    ) {
        let keepAlive = TimeAmount(configuration.keepAliveInterval)
        stream("/api/updates") { call in
            let (stream, slot) = try await call.follow(
                call.subscription(),
                services.updates,
                slots
            )
            let channel = call.context.channel
            return Response(
                status: .ok,
                headers: [
                    .contentType: ContentType.eventStream.rawValue,
                    .cacheControl: "no-cache, no-transform",
                ],
                body: ResponseBody { writer in
                    defer { slot.release() }
                    let beat = KeepAlive(channel: channel, interval: keepAlive)
                    defer { beat.stop() }
                    try await call.request.follow(stream, writer: &writer)
                    beat.stop()
                    try await writer.finish(nil)
                }
            )
        }
    }
}

/// Which topics a client follows, and from where on.
typealias Subscription = (topics: Set<Topic>, cursor: EventCursor?)

extension Call {
    /// What the client asks to follow; `after` is another name of `cursor`.
    func subscription() throws -> Subscription {
        var query = QueryParameters(request.uri.query, known: ["topics", "cursor", "after"])
        let published: [Topic] = [.reminders, .taskUpdates]
        let names = query.list("topics")
        let topics = names.compactMap { name in published.first { $0.rawValue == name } }
        if topics.count < names.count {
            query.refuse("topics", "Any of reminders and task-updates, with a comma between.")
        }
        let remedy = "Send the id of an event, as it was received."
        let cursor =
            query.value("cursor", remedy) { EventCursor($0) }
            ?? query.value("after", remedy) { EventCursor($0) }
        try query.finish()
        let last = request.headers[named: "Last-Event-ID"].flatMap { $0.isEmpty ? nil : $0 }
        let resumed = last.flatMap { EventCursor($0) }
        if last != nil, resumed == nil {
            throw HTTPProblem(.unprocessableContent, .header("Last-Event-ID"), remedy)
        }
        return (Set(topics.isEmpty ? published : topics), resumed ?? cursor)
    }

    /// Opens the stream of a subscription, in a place of its own.
    func follow(
        _ subscription: Subscription,
        _ updates: any UpdateSource,
        _ slots: StreamSlots
    ) async throws -> (any UpdateStream, StreamSlot) {
        guard let slot = slots.take() else {
            var problem = HTTPProblem(
                .serviceUnavailable,
                "Too many clients follow their events; try again later."
            )
            problem.headers[.retryAfter] = "5"
            throw problem
        }
        let stream = try await updates.updates(
            for: user,
            topics: subscription.topics,
            after: subscription.cursor
        )
        slot.hold(stream)
        return (stream, slot)
    }
}

extension Request {
    /// Sends what comes out of a stream, each batch at once, until either side ends it.
    fileprivate func follow(
        _ stream: any UpdateStream,
        writer: inout any ResponseBodyWriter
    ) async throws {
        try await withGracefulShutdownHandler {
            try await body.consumeWithInboundCloseHandler { _ in
                try await writer.write(ServerSentEvents.comment("connected"))
                while let messages = await stream.next() {
                    var events = ServerSentEvents()
                    for message in messages { events.write(message) }
                    try await writer.write(events.buffer)
                }
            } onInboundClosed: {
                stream.cancel()
            }
        } onGracefulShutdown: {
            stream.cancel()
        }
    }
}

/// Sends a comment at intervals, so that proxies keep a silent stream open.
///
/// It writes to the channel by itself, past the handler that waits for events; both write whole
/// messages only, on the same event loop, so that they never mix.
private final class KeepAlive: Sendable {
    private let task: RepeatedTask

    init(channel: any Channel, interval: TimeAmount) {
        task = channel.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
            _ in
            // A client that does not read is sent nothing more.
            guard channel.isWritable else { return }
            let part = HTTPResponsePart.body(ServerSentEvents.comment("keep-alive"))
            channel.writeAndFlush(part, promise: nil)
        }
    }

    func stop() { task.cancel() }
}

/// How many streams may be open at once.
final class StreamSlots: Sendable {
    private let limit: Int
    private let open: PrometheusGauge
    private let count = Mutex(0)

    init(limit: Int, open: PrometheusGauge) { (self.limit, self.open) = (limit, open) }

    /// Takes a slot; nil when none is free.
    func take() -> StreamSlot? {
        let isFree = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isFree else { return nil }
        open.increment(by: 1)
        return StreamSlot(self)
    }

    fileprivate func give() {
        count.withLock { $0 -= 1 }
        open.decrement(by: 1)
    }
}

/// One open stream; it ends and frees its place when it is released or forgotten, also when the
/// client left before the answer began.
final class StreamSlot: Sendable {
    private let slots: StreamSlots
    private let state = Mutex<(isReleased: Bool, stream: (any UpdateStream)?)>((false, nil))

    fileprivate init(_ slots: StreamSlots) { self.slots = slots }

    /// Makes the slot answerable for a stream.
    func hold(_ stream: any UpdateStream) { state.withLock { $0.stream = stream } }

    /// Ends the stream and frees the place, once.
    func release() {
        let stream = state.withLock { state -> (any UpdateStream)?? in
            guard !state.isReleased else { return nil }
            state.isReleased = true
            return .some(state.stream)
        }
        guard let stream else { return }
        stream?.cancel()
        slots.give()
    }

    deinit { release() }
}
