// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// The bytes of a small file.
///
/// - Throws: ``CommandError`` when it cannot be read or has more than `limit` bytes.
func bytes(ofFile path: String, limit: Int) throws -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandError(.unreadableFile, "the file \(path) cannot be read")
    }
    guard data.count <= limit else {
        throw CommandError(.unreadableFile, "the file \(path) has more than \(limit) bytes")
    }
    return data
}

/// The text of a small file.
///
/// - Throws: ``CommandError`` when it cannot be read, has more than `limit` bytes or is no UTF-8.
func contents(ofFile path: String, limit: Int) throws -> String {
    guard let text = String(validating: try bytes(ofFile: path, limit: limit), as: UTF8.self) else {
        throw CommandError(.unreadableFile, "the file \(path) is not UTF-8")
    }
    return text
}
