// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime

/// `deliveries` in memory; its clock moves only when told.
final class FakeDeliveryStore: DeliveryStore {
    struct Row: Sendable {
        var delivery: Delivery
        var nextAttempt = Duration.zero
        var errors: [String] = []
    }
    struct State: Sendable {
        var now = Duration.zero
        var rows: [Row] = []
        var delivered: [Delivery] = []
        var dead: [Row] = []
        var delays: [Duration] = []
        var claims = 0
        var failuresLeft = 0
    }
    let state = Watched(State())

    func add(_ number: Int64, channel: String = "webhook", target: String) {
        let event = Sample.released(number)
        let key = Delivery.Key(
            shard: event.key.shard,
            eventID: event.id,
            channel: channel,
            target: target
        )
        let delivery = Delivery(
            key: key,
            attempts: 0,
            timestamp: event.timestamp,
            json: event.json
        )
        state.change { $0.rows.append(Row(delivery: delivery)) }
    }

    /// Moves the clock to the next attempt.
    func advance() {
        state.change { state in
            state.now = max(state.now, state.rows.map(\.nextAttempt).min() ?? state.now)
        }
    }

    func claim(_ claim: DeliveryClaim) async throws -> ClaimedDeliveries {
        let fails = state.change { state in
            defer { state.failuresLeft = max(0, state.failuresLeft - 1) }
            return state.failuresLeft > 0
        }
        if fails { throw FakeEventStore.Outage() }
        return state.change { state in
            state.claims += 1
            var claimed = ClaimedDeliveries(deliveries: [], nextAttempt: nil)
            var running = claim.running
            for index in state.rows.indices where claimed.deliveries.count < claim.limit {
                let key = state.rows[index].delivery.key
                guard key.channel == claim.channel, state.rows[index].nextAttempt <= state.now,
                    running[key.target, default: 0] < claim.limitPerTarget
                else { continue }
                running[key.target, default: 0] += 1
                let delivery = Delivery(
                    key: key,
                    attempts: state.rows[index].delivery.attempts + 1,
                    timestamp: state.rows[index].delivery.timestamp,
                    json: state.rows[index].delivery.json
                )
                state.rows[index].delivery = delivery
                state.rows[index].nextAttempt = state.now + claim.lease
                claimed.deliveries.append(delivery)
            }
            let later = state.rows.filter { $0.delivery.key.channel == claim.channel }
                .map { $0.nextAttempt - state.now }.filter { $0 > .zero }.min()
            claimed.nextAttempt = later
            return claimed
        }
    }

    func succeed(_ delivery: Delivery) async throws {
        state.change { state in
            state.rows.removeAll { $0.delivery.key == delivery.key }
            state.delivered.append(delivery)
        }
    }

    func fail(_ delivery: Delivery, error: String, retryAfter delay: Duration) async throws {
        state.change { state in
            guard let index = state.index(of: delivery) else { return }
            state.rows[index].nextAttempt = state.now + delay
            state.rows[index].errors.append(error)
            state.delays.append(delay)
        }
    }

    func bury(_ delivery: Delivery, error: String) async throws {
        state.change { state in
            guard let index = state.index(of: delivery) else { return }
            var row = state.rows.remove(at: index)
            row.errors.append(error)
            state.dead.append(row)
        }
    }

    func depths(limit: Int) async throws -> [DeliveryDepth] { [] }
}

extension FakeDeliveryStore.State {
    fileprivate func index(of delivery: Delivery) -> Int? {
        rows.firstIndex {
            $0.delivery.key == delivery.key && $0.delivery.attempts == delivery.attempts
        }
    }
}
