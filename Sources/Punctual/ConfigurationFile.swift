// SPDX-License-Identifier: Apache-2.0

internal import Configuration

/// A configuration file: a flat YAML mapping whose keys are those of ``Setting``.
///
/// The reader of swift-configuration passes over keys that nobody asks for, so that a typing error
/// would be silently without effect; therefore the keys are looked at here.
struct ConfigurationFile {
    /// The largest file that is read, in bytes.
    static let maximumBytes = 1 << 16

    /// The values by key: strings, and lists of strings.
    let values: [AbsoluteConfigKey: ConfigValue]

    /// Reads the file.
    ///
    /// - Throws: ``CommandError`` naming the line or key that is wrong.
    init(path: String) throws {
        let bytes = try Array(contents(ofFile: path, limit: Self.maximumBytes).utf8)
        let snapshot: YAMLSnapshot
        do {
            // SAFETY: bytes have no padding that could be read uninitialised.
            let data = unsafe bytes.span.bytes
            snapshot = try YAMLSnapshot(data: data, providerName: path, parsingOptions: .default)
        } catch {
            throw CommandError(.configuration, "\(path) is not a flat YAML mapping: \(error)")
        }
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for key in try Self.keys(in: String(decoding: bytes, as: UTF8.self), path: path) {
            let absolute = AbsoluteConfigKey([key], context: [:])
            guard let value = Self.value(of: absolute, in: snapshot) else {
                throw CommandError(
                    .configuration,
                    "\(key) in \(path) must be one value or a list of values"
                )
            }
            values[absolute] = value
        }
        self.values = values
    }

    /// The keys at the top level, all of them known.
    private static func keys(in text: String, path: String) throws -> [String] {
        try text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .compactMap { index, line in
                guard let first = line.first, !first.isWhitespace, first != "#", first != "-",
                    line != "..."
                else { return nil }
                let key = line.prefix { $0 != ":" }
                guard key.count < line.count, Setting.fileKeys.contains(String(key)) else {
                    throw CommandError(
                        .configuration,
                        "line \(index + 1) of \(path): \"\(key)\" is no setting; there are "
                            + Setting.allCases.map(\.rawValue).joined(separator: ", ")
                    )
                }
                return String(key)
            }
    }

    private static func value(
        of key: AbsoluteConfigKey,
        in snapshot: YAMLSnapshot
    ) -> ConfigValue? {
        // An error says that the value is not of this type, and then it may be of the other.
        (try? snapshot.value(forKey: key, type: .string))?.value
            ?? (try? snapshot.value(forKey: key, type: .stringArray))?.value
    }
}
