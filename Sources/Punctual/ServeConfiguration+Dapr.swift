// SPDX-License-Identifier: Apache-2.0

internal import PunctualDapr

extension ServeConfiguration {
    /// | variable | type | default |
    /// |---|---|---|
    /// | `DAPR_HTTP_ENDPOINT` | URL | `http://127.0.0.1:` and `DAPR_HTTP_PORT` |
    /// | `DAPR_HTTP_PORT` | integer, 1 to 65535 | 3500 |
    /// | `DAPR_API_TOKEN` | text, secret | none |
    /// | `PUNCTUAL_DAPR_PUBSUB` | name of a component | `kafka-pubsub` |
    static func dapr(_ settings: SettingsReader) throws -> DaprSettings {
        let port = try settings.integer(.daprPort, in: 1...65_535) ?? 3_500
        let endpoint = settings.text(.daprEndpoint) ?? "http://127.0.0.1:\(port)"
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else {
            throw settings.refusal(.daprEndpoint, "an http or https URL")
        }
        var dapr = DaprSettings(endpoint: String(endpoint.trimmingSuffix(while: { $0 == "/" })))
        dapr.token = settings.text(.daprToken)
        if let name = settings.text(.daprPubsub) {
            guard
                name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
                )
            else { throw settings.refusal(.daprPubsub, "the name of a component") }
            dapr.pubsub = name
        }
        return dapr
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        guard let end = lastIndex(where: { !predicate($0) }) else { return "" }
        return self[...end]
    }
}
