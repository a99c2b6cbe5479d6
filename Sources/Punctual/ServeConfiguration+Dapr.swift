// SPDX-License-Identifier: Apache-2.0

internal import PunctualDapr

extension ServeConfiguration {
    /// | variable | type | default |
    /// |---|---|---|
    /// | `DAPR_HTTP_ENDPOINT` | URL | `http://127.0.0.1:` and `DAPR_HTTP_PORT` |
    /// | `DAPR_HTTP_PORT` | integer, 1 to 65535 | 3500 |
    /// | `DAPR_API_TOKEN` | text, secret | none |
    /// | `PUNCTUAL_DAPR_PUBSUB` | name of a component | `kafka-pubsub` |
    /// | `PUNCTUAL_DAPR_STATESTORE` | name of a component | none: conversations in PostgreSQL |
    /// | `PUNCTUAL_DAPR_API_APP_ID` | app-id | none: `recurring` needs no API |
    static func dapr(_ settings: SettingsReader) throws -> DaprSettings {
        var dapr = try sidecar(settings)
        dapr.pubsub = try settings.component(.daprPubsub) ?? dapr.pubsub
        dapr.statestore = try settings.component(.daprStatestore)
        dapr.apiAppID = try settings.component(.daprAPIAppID)
        return dapr
    }

    /// Where the sidecar is.
    static func sidecar(_ settings: SettingsReader) throws -> DaprSettings {
        let port = try settings.integer(.daprPort, in: 1...65_535) ?? 3_500
        let endpoint = settings.text(.daprEndpoint) ?? "http://127.0.0.1:\(port)"
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else {
            throw settings.refusal(.daprEndpoint, "an http or https URL")
        }
        var dapr = DaprSettings(endpoint: String(endpoint.trimmingSuffix(while: { $0 == "/" })))
        dapr.token = settings.text(.daprToken)
        return dapr
    }

    /// The sidecar, if anything is asked of it.
    static func usedSidecar(_ settings: SettingsReader) throws -> DaprSettings? {
        let dapr = try dapr(settings)
        let isUsed =
            settings.text(.transport) == "dapr" || dapr.statestore != nil || dapr.apiAppID != nil
        return isUsed ? dapr : nil
    }
}

extension SettingsReader {
    /// The name of a component or an application of Dapr, or nil when there is none.
    fileprivate func component(_ setting: Setting) throws -> String? {
        guard let name = text(setting) else { return nil }
        guard
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) })
        else { throw refusal(setting, "a name of letters, digits, hyphens, dots, underscores") }
        return name
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        guard let end = lastIndex(where: { !predicate($0) }) else { return "" }
        return self[...end]
    }
}
