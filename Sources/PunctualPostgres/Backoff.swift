// SPDX-License-Identifier: Apache-2.0

/// Pauses between attempts to connect: from a 64th of the longest, twice as long each time, less
/// a random part of up to a half, so that many processes do not return at the same instant.
struct Backoff: Sendable {
    private static let doublings = 6
    let longestMilliseconds: Int

    func pause(afterFailures failures: Int) -> Duration {
        let longest =
            longestMilliseconds >> (Self.doublings - min(Self.doublings, max(0, failures)))
        return .milliseconds(Double(max(1, longest)) * Double.random(in: 0.5...1))
    }
}
