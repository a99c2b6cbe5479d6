// SPDX-License-Identifier: Apache-2.0

/// How often, and after how long, something that failed is tried again.
///
/// Exponential backoff with full jitter: the delay is drawn evenly from zero to a ceiling that
/// doubles with each attempt, so that what failed together does not come back together.
/// Brooker, "Exponential Backoff And Jitter" (2015).
package struct RetryPolicy: Sendable, Hashable {
    /// The ceiling after the first attempt.
    package var base: Duration
    /// The most that the ceiling grows to, and that a target may ask us to wait.
    package var cap: Duration
    /// How many attempts are made before giving up.
    package var maximumAttempts: Int

    /// Creates a policy; the default gives up after some 12 hours, on average.
    package init(
        base: Duration = .seconds(1),
        cap: Duration = .seconds(3_600),
        maximumAttempts: Int = 36
    ) {
        (self.base, self.cap, self.maximumAttempts) = (base, cap, maximumAttempts)
    }

    /// For what must not be given up: a database or a broker that is away.
    static let outage = RetryPolicy(
        base: .milliseconds(50),
        cap: .seconds(5),
        maximumAttempts: .max
    )

    /// The longest delay after attempt `attempt`, counted from 1.
    package func ceiling(afterAttempt attempt: Int) -> Duration {
        // 2^40 s is 35,000 years: beyond it doubling would overflow before it mattered.
        min(cap, base * (1 << min(max(attempt, 1) - 1, 40)))
    }

    /// A delay after attempt `attempt`, counted from 1, in whole microseconds.
    ///
    /// It is no shorter than what the target has `requested`, up to `cap`.
    package func delay(
        afterAttempt attempt: Int,
        requested: Duration? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let (seconds, attoseconds) = ceiling(afterAttempt: attempt).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let drawn = Duration.microseconds(
            Int64.random(in: 0...max(0, microseconds), using: &generator)
        )
        return max(drawn, min(requested ?? .zero, cap))
    }

    /// A delay after attempt `attempt`, counted from 1, from the system's random numbers.
    package func delay(afterAttempt attempt: Int, requested: Duration? = nil) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(afterAttempt: attempt, requested: requested, using: &generator)
    }
}
