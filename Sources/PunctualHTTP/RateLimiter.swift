// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import PunctualCore
internal import PunctualTime
internal import Synchronization

/// Holds each user to a number of requests a second, in the long run (a token bucket).
///
/// A user who was quiet may send five seconds' worth at once.
final class RateLimiter: Sendable {
    /// Users that are remembered at most; then those who have used nothing lately are forgotten.
    static let maximumUsers = 100_000
    /// How many seconds' worth may come at once.
    static let burstSeconds = 5.0

    private struct Bucket {
        var tokens: Double
        var filledAt: Int64
    }
    private let rate: Double
    private let clock: WallClock
    private let buckets = Mutex<[String: Bucket]>([:])

    init(perSecond rate: Int, clock: @escaping WallClock) {
        (self.rate, self.clock) = (Double(rate), clock)
    }

    /// Counts a request.
    ///
    /// - Throws: 429 when the user has none left; it says how long to wait.
    func admit(_ userID: String) throws(HTTPProblem) {
        let now = clock().microsecondsSinceEpoch
        let capacity = rate * Self.burstSeconds
        let left = buckets.withLock { buckets in
            if buckets.count >= Self.maximumUsers {
                buckets = buckets.filter {
                    $0.value.tokens + Double(now - $0.value.filledAt) / 1e6 * rate < capacity
                }
                if buckets.count >= Self.maximumUsers { buckets.removeAll() }
            }
            var bucket = buckets[userID] ?? Bucket(tokens: capacity, filledAt: now)
            let elapsed = Double(max(0, now - bucket.filledAt)) / 1e6
            bucket = Bucket(tokens: min(capacity, bucket.tokens + elapsed * rate), filledAt: now)
            bucket.tokens -= 1
            let left = bucket.tokens
            if left < 0 { bucket.tokens += 1 }
            buckets[userID] = bucket
            return left
        }
        guard left < 0 else { return }
        var problem = HTTPProblem(
            .tooManyRequests,
            "You may send \(Int(rate)) requests a second; wait a moment."
        )
        problem.headers[.retryAfter] = String(max(1, Int((-left / rate).rounded(.up))))
        throw problem
    }
}
