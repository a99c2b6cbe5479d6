// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Fetches the key set that tokens are signed with.
struct KeySetFetcher: Sendable {
    /// Bytes of a key set at most.
    private static let maximumBytes = 1 << 20
    /// How long one attempt may take.
    private static let timeout = TimeAmount.seconds(5)

    let url: String

    /// The key set as JSON text.
    ///
    /// - Throws: when there is no answer in time, or another than 200.
    func callAsFunction() async throws -> String {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: url),
            timeout: Self.timeout
        )
        guard response.status == .ok else {
            throw CommandError(.configuration, "\(url) answered \(response.status)")
        }
        return String(buffer: try await response.body.collect(upTo: Self.maximumBytes))
    }
}
