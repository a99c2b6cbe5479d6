// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PunctualDapr

extension SettingsReader {
    /// How long the start waits for a sidecar whose secrets it needs, in seconds.
    private static let daprWaitSeconds: Int64 = 60

    /// The settings with the values of those that are `dapr://store/key`, asked of the sidecar.
    ///
    /// Nothing is asked, and no sidecar needed, where no setting is kept there.
    ///
    /// - Throws: ``CommandError`` that names the setting and says what to do.
    func withDaprSecrets() async throws -> SettingsReader {
        let kept = Setting.allCases.filter { setting in
            setting.isSecret && text(setting)?.hasPrefix(DaprSecretReference.scheme) == true
        }
        guard let first = kept.first else { return self }
        guard !kept.contains(.daprToken) else {
            throw refusal(
                .daprToken,
                "the sidecar wants this token before it tells a secret; give it by "
                    + "\(Setting.daprToken.variable)_FILE"
            )
        }
        let references = try kept.map { setting in
            guard let reference = text(setting).flatMap(DaprSecretReference.init) else {
                throw refusal(setting, "the place of a secret is dapr://STORE/KEY")
            }
            return (setting, reference)
        }
        let logger = Logger(label: "punctual") { _ in SwiftLogNoOpLogHandler() }
        let sidecar = DaprSidecar(try ServeConfiguration.sidecar(self), logger: logger)
        do { try await sidecar.waitUntilReady(seconds: Self.daprWaitSeconds) } catch {
            throw refusal(
                first,
                "is in a secret store of Dapr, but \(error); is the sidecar running, and is "
                    + "\(Setting.daprEndpoint.variable) or \(Setting.daprPort.variable) its "
                    + "address?"
            )
        }
        var values: [Setting: String] = [:]
        for (setting, reference) in references {
            do {
                values[setting] = try await sidecar.secret(reference, setting: setting.rawValue)
            } catch {
                throw refusal(
                    setting,
                    "dapr://\(reference.store)/\(reference.key) cannot be read: \(error)"
                )
            }
        }
        return replacing(values)
    }
}
