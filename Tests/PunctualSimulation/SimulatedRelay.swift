// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualEngine

/// What `OutboxRelay` does: two lanes, each with one batch on its way, tried until it succeeds.
final class SimulatedRelay {
    private static let maximumBatch = 25

    private unowned let process: SimulatedProcess
    private var lanes: [[(event: ReleasedEvent, isEngine: Bool)]] = [[], []]
    private var isBusy = [false, false]

    init(_ process: SimulatedProcess) { self.process = process }

    var isIdle: Bool { lanes.allSatisfy(\.isEmpty) && !isBusy.contains(true) }

    func release(_ events: [ReleasedEvent], isEngine: Bool) {
        for event in events { lanes[Int(event.key.shard) & 1].append((event, isEngine)) }
        for lane in 0..<2 { work(on: lane) }
    }

    private func work(on lane: Int) {
        guard !isBusy[lane], !lanes[lane].isEmpty else { return }
        isBusy[lane] = true
        let batch = Array(lanes[lane].prefix(Self.maximumBatch))
        lanes[lane].removeFirst(batch.count)
        if process.world.scenario.traits.isImmediate {
            acknowledge(batch, lane, attempt: 0)
        } else {
            publish(batch, lane, attempt: 0)
        }
    }

    private typealias Batch = [(event: ReleasedEvent, isEngine: Bool)]

    private func publish(_ batch: Batch, _ lane: Int, attempt: Int) {
        process.ask(
            .publish,
            { [process] _ in process.sinkDownUntil <= process.world.now },
            { [self] isAccepted in
                guard isAccepted else {
                    return again(attempt) { [self] in publish(batch, lane, attempt: attempt + 1) }
                }
                acknowledge(batch, lane, attempt: 0)
            },
            { [self] in again(attempt) { [self] in publish(batch, lane, attempt: attempt + 1) } }
        )
    }

    private func acknowledge(_ batch: Batch, _ lane: Int, attempt: Int) {
        process.ask(
            .acknowledge,
            { $0.acknowledge(batch.map(\.event)) },
            { [self] in finish(batch, lane) },
            { [self] in
                again(attempt) { [self] in acknowledge(batch, lane, attempt: attempt + 1) }
            }
        )
    }

    private func again(_ attempt: Int, _ body: @escaping () -> Void) {
        let pause: UInt64 = min(5_000_000_000, 100_000_000 << UInt64(min(attempt, 6)))
        process.world.after(nanoseconds: pause, for: process, body)
    }

    private func finish(_ batch: Batch, _ lane: Int) {
        let keys = batch.filter(\.isEngine).map(\.event.key)
        if !keys.isEmpty {
            process.take(.acknowledged(keys))
            // An acknowledgement may be reported twice.
            process.world.after(nanoseconds: 50_000_000, for: process) { [process] in
                process.take(.acknowledged(keys))
            }
        }
        isBusy[lane] = false
        work(on: lane)
    }
}
