// SPDX-License-Identifier: Apache-2.0

/// Which release of tzdata a directory holds, and when it was put there.
struct TZDataRelease: Equatable {
    /// Such as `2025b`; `unknown` when no file says.
    let version: String
    /// A rebuilt package of the same release counts as a new one too.
    private let modificationTime: Int64?

    /// Reads it off a directory: the first line of `tzdata.zi`, `# version 2025b`, or `+VERSION`.
    init(directory: String) {
        let path = "\(directory)/tzdata.zi"
        modificationTime =
            ZoneFile.modificationTime(of: path) ?? ZoneFile.modificationTime(of: directory)
        let prefix = "# version "
        if let line = Self.firstLine(of: path), line.hasPrefix(prefix) {
            version = String(line.dropFirst(prefix.count))
        } else {
            version = Self.firstLine(of: "\(directory)/+VERSION") ?? "unknown"
        }
    }

    private static func firstLine(of path: String) -> String? {
        guard let bytes = ZoneFile.read(path) else { return nil }
        let line = bytes.prefix(64).prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
