// SPDX-License-Identifier: Apache-2.0

/// Where the sidecar is, and what it is asked for.
package struct DaprSettings: Sendable {
    /// The sidecar's address, such as `http://127.0.0.1:3500`.
    package var endpoint: String
    /// What the sidecar wants as `dapr-api-token`; nil for nothing.
    package var token: String?
    /// The name of the pub/sub component.
    package var pubsub = "kafka-pubsub"
    /// The name of the state store that keeps conversations; nil leaves them in PostgreSQL.
    package var statestore: String?
    /// The app-id of the API that `recurring` asks for the next occurrence; nil makes it itself.
    package var apiAppID: String?

    /// Creates settings for the sidecar at an address.
    package init(endpoint: String) { self.endpoint = endpoint }
}

/// Why the sidecar did not do what it was asked for.
package struct DaprError: Error, Sendable, CustomStringConvertible {
    /// What the sidecar said, or that it said nothing.
    package let description: String

    /// Creates an error.
    package init(description: String) { self.description = description }
}
