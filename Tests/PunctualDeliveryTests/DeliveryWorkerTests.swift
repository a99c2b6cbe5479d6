// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualDelivery
import PunctualTime
import Testing

@Suite struct DeliveryWorkerTests {
    let store = FakeDeliveryStore()
    let timer = ManualTimer()

    func makeWorker(_ channels: [DeliveryChannel]) -> DeliveryWorker {
        DeliveryWorker(
            store: store,
            channels: channels,
            clock: { Sample.start },
            timer: timer,
            logger: quietLogger
        )
    }

    @Test func `delivers on start, and then when it is woken`() async {
        let sink = ScriptedSink()
        let worker = makeWorker([DeliveryChannel(name: "webhook", sink: sink)])
        store.add(1, target: "a")
        await running(worker) {
            await store.state.wait { $0.delivered.count == 1 }
            store.add(2, target: "a")
            worker.wake()
            await store.state.wait { $0.delivered.count == 2 }
        }
        #expect(sink.isClosed.value)
    }

    @Test func `tries again after the backoff until it gives up`() async {
        let sink = ScriptedSink { _ in .failure(DeliveryFailure("no")) }
        let retry = RetryPolicy(maximumAttempts: 4)
        let worker = makeWorker([DeliveryChannel(name: "webhook", sink: sink, retry: retry)])
        store.add(1, target: "a")
        await running(worker) {
            for attempt in 1...3 {
                await store.state.wait { $0.delays.count == attempt }
                store.advance()
                worker.wake()
            }
            await store.state.wait { $0.dead.count == 1 }
        }
        let state = store.state.value
        #expect(state.dead.first?.errors == Array(repeating: "no", count: 4))
        for (index, delay) in state.delays.enumerated() {
            #expect(delay <= retry.ceiling(afterAttempt: index + 1))
        }
    }

    @Test func `a permanent failure is a dead letter at once, with its reason`() async {
        let sink = ScriptedSink { _ in .failure(DeliveryFailure("HTTP 410", isPermanent: true)) }
        store.add(1, target: "a")
        await running(makeWorker([DeliveryChannel(name: "webhook", sink: sink)])) {
            await store.state.wait { $0.dead.count == 1 }
        }
        #expect(store.state.value.dead.first?.errors == ["HTTP 410"])
    }

    @Test func `arms a timer for the next attempt`() async {
        let sink = ScriptedSink { attempt in
            attempt == 1
                ? .failure(DeliveryFailure("busy", retryAfter: .seconds(7))) : .success(())
        }
        let worker = makeWorker([DeliveryChannel(name: "webhook", sink: sink)])
        store.add(1, target: "a")
        await running(worker) {
            await store.state.wait { $0.delays == [.seconds(7)] }
            await timer.fire(atLeast: .seconds(7), atMost: .seconds(7))
            store.advance()
            worker.wake()
            await store.state.wait { $0.delivered.count == 1 }
        }
        #expect(store.state.value.delivered.first?.attempts == 2)
    }

    @Test func `a target takes no more than its share`() async {
        let sink = ScriptedSink(isHeld: true)
        let worker = makeWorker([
            DeliveryChannel(name: "webhook", sink: sink, concurrency: 6, concurrencyPerTarget: 4)
        ])
        for number in 0..<20 { store.add(Int64(number), target: "slow") }
        for number in 20..<30 { store.add(Int64(number), target: "quick") }
        await running(worker) {
            await sink.underWay.wait { $0.values.reduce(0, +) == 6 }
            #expect(sink.underWay.value == ["slow": 4, "quick": 2])
            sink.isHeld.change { $0 = false }
            await store.state.wait { $0.delivered.count == 30 }
        }
        #expect(sink.mostUnderWay.value.values.allSatisfy { $0 <= 4 })
    }

    @Test func `a channel that is down delays no other`() async {
        let down = ScriptedSink(isHeld: true)
        let up = ScriptedSink()
        let worker = makeWorker([
            DeliveryChannel(name: "mail", sink: down), DeliveryChannel(name: "webhook", sink: up),
        ])
        for number in Int64(0)..<100 {
            store.add(number, channel: "mail", target: "a")
            store.add(number, channel: "webhook", target: "a")
        }
        await running(worker) {
            await store.state.wait { $0.delivered.count == 100 }
            down.isHeld.change { $0 = false }
            await store.state.wait { $0.delivered.count == 200 }
        }
        let channels = store.state.value.delivered.map(\.key.channel)
        #expect(channels.prefix(100).allSatisfy { $0 == "webhook" })
    }

    @Test func `goes on after an outage of the store`() async {
        store.state.change { $0.failuresLeft = 3 }
        store.add(1, target: "a")
        await running(makeWorker([DeliveryChannel(name: "webhook", sink: ScriptedSink())])) {
            for _ in 0..<3 { await timer.fire(atMost: .seconds(5)) }
            await store.state.wait { $0.delivered.count == 1 }
        }
    }

    @Test func `a stop waits for the attempts that are under way`() async {
        let sink = ScriptedSink(isHeld: true)
        store.add(1, target: "a")
        await running(makeWorker([DeliveryChannel(name: "webhook", sink: sink)])) {
            await sink.underWay.wait { $0["a"] == 1 }
        } whileStopping: {
            sink.isHeld.change { $0 = false }
        }
        #expect(store.state.value.delivered.count == 1)
    }
}

/// A sink that answers by the number of the attempt, and waits while it is held.
final class ScriptedSink: DeliverySink {
    let isHeld: Watched<Bool>
    let isClosed = Watched(false)
    let underWay = Watched<[String: Int]>([:])
    let mostUnderWay = Watched<[String: Int]>([:])
    private let answer: @Sendable (Int) -> Result<Void, DeliveryFailure>

    init(
        isHeld: Bool = false,
        answer: @escaping @Sendable (Int) -> Result<Void, DeliveryFailure> = { _ in .success(()) }
    ) {
        (self.isHeld, self.answer) = (Watched(isHeld), answer)
    }

    func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        let target = delivery.key.target
        let now = underWay.change { underWay in
            underWay[target, default: 0] += 1
            return underWay[target, default: 0]
        }
        mostUnderWay.change { $0[target] = max($0[target, default: 0], now) }
        await isHeld.wait { !$0 }
        underWay.change { $0[target, default: 1] -= 1 }
        try answer(delivery.attempts).get()
    }

    func close() async { isClosed.change { $0 = true } }
}
