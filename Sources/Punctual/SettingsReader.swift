// SPDX-License-Identifier: Apache-2.0

internal import Configuration
internal import FoundationEssentials

/// The settings, from the first of these that has each: the environment, a file that a `…_FILE`
/// variable names, a systemd credential, the configuration file.
struct SettingsReader {
    private var reader: ConfigReader
    private let providers: [any ConfigProvider]
    /// `PUNCTUAL_` variables that mean nothing to this version; Kubernetes injects some.
    let unknownVariables: [String]

    /// Reads all sources but looks at no value yet.
    ///
    /// - Parameters:
    ///   - path: the configuration file, if there is one.
    ///   - environment: the environment variables.
    /// - Throws: ``CommandError`` for a file that cannot be read or has an unknown key.
    init(
        path: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        // A variable that is set to nothing counts as not set, as with `${NAME:-}` in a shell.
        let environment = environment.filter { !$0.value.isEmpty }
        let file = try path.map { try ConfigurationFile(path: $0).values } ?? [:]
        let variables = EnvironmentVariablesProvider(
            environmentVariables: Self.withPrefix(environment),
            secretsSpecifier: .all
        ).prefixKeys(with: "punctual")
        let secrets = try Self.secrets(
            named: ConfigReader(providers: [variables, InMemoryProvider(values: file)]),
            credentials: environment["CREDENTIALS_DIRECTORY"]
        )
        providers = [
            variables, InMemoryProvider(values: secrets), InMemoryProvider(values: file),
        ]
        reader = ConfigReader(providers: providers)
        unknownVariables = Self.unknown(environment.keys)
    }

    /// The value of a setting, or nil.
    func text(_ setting: Setting) -> String? {
        reader.string(forKey: ConfigKey([setting.rawValue]), isSecret: setting.isSecret)
    }

    /// The same settings with other values for some that are secret.
    func replacing(_ values: [Setting: String]) -> SettingsReader {
        var settings = self
        let replaced = values.map { setting, value in
            (
                AbsoluteConfigKey([setting.rawValue], context: [:]),
                ConfigValue(.string(value), isSecret: true)
            )
        }
        let provider = InMemoryProvider(values: Dictionary(uniqueKeysWithValues: replaced))
        settings.reader = ConfigReader(providers: [provider] + providers)
        return settings
    }

    /// The values of a setting that is a list: comma-separated, or a sequence in the file.
    func list(_ setting: Setting) -> [String] {
        let key = ConfigKey([setting.rawValue])
        let list =
            reader.stringArray(forKey: key)
            ?? text(setting)?.split(separator: ",").map(String.init) ?? []
        return list.map { String($0.trimmingPrefix(while: \.isWhitespace)) }
            .filter { !$0.isEmpty }
    }

    /// An error about the value of a setting; it names the setting, and the value if not secret.
    func refusal(_ setting: Setting, _ expected: String) -> CommandError {
        let value = setting.isSecret ? "" : text(setting).map { " is \"\($0)\"" } ?? ""
        return CommandError(
            .configuration,
            "\(setting.variable)\(value): \(expected) (in a file: \(setting.rawValue))"
        )
    }

    private static func secrets(
        named reader: ConfigReader,
        credentials: String?
    ) throws -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Setting.allCases where setting.isSecret {
            let credential = credentials.map { "\($0)/\(setting.rawValue)" }
                .flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
            guard
                let path = reader.string(forKey: ConfigKey([setting.fileKey])) ?? credential
            else { continue }
            let text = try contents(ofFile: path, limit: ConfigurationFile.maximumBytes)
            values[AbsoluteConfigKey([setting.rawValue], context: [:])] =
                ConfigValue(.string(text.trimmed), isSecret: true)
        }
        return values
    }

    /// The environment with Dapr's own names under the names that they would have among ours.
    private static func withPrefix(_ environment: [String: String]) -> [String: String] {
        var environment = environment
        for setting in Setting.allCases where setting.isDaprs {
            for name in [setting.variable, setting.variable + "_FILE"] {
                environment["PUNCTUAL_" + name] = environment[name]
            }
        }
        return environment
    }

    private static func unknown(_ names: some Sequence<String>) -> [String] {
        let known = Set(
            Setting.fileKeys.map { "PUNCTUAL_" + $0.uppercased() }
                + ["PUNCTUAL_TEST_DATABASE_URL"]
        )
        return names.filter { $0.hasPrefix("PUNCTUAL_") && !known.contains($0) }.sorted()
    }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let end = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[start...end])
    }
}
