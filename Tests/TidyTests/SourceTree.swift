// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Swift file of the project.
struct SourceFile {
    /// Where it is, from the root of the project.
    let path: String
    /// Its lines as written.
    let lines: [String]
    /// Its lines without comments and the contents of strings.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        code = SourceCode(blanking: text).lines
    }

    /// The folder below `Sources` or `Tests`, which is the module.
    var module: String { path.split(separator: "/").dropFirst().first.map { String($0) } ?? "" }

    /// How many lines it has; the last line break begins none.
    var length: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// Something wrong at a line, counted from 0.
    func finding(_ line: Int, _ message: String) -> String { "\(path):\(line + 1): \(message)" }

    /// The lines, counted from 0, whose code matches.
    func lines(matching pattern: Regex<some Any>) -> [Int] {
        code.indices.filter { code[$0].contains(pattern) }
    }
}

/// The source tree these tests are part of.
enum SourceTree {
    /// The root of the project.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Swift files below `Sources`.
    static let sources = files(in: "Sources")
    /// Every Swift file that the project's packages build.
    static let everything = sources + files(in: "Tests") + files(in: "bench")

    /// The C libraries' modules.
    static let cModules: [String] = {
        let folders = try? FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: "Sources").path
        )
        return (folders ?? []).sorted().filter {
            FileManager.default.fileExists(
                atPath: root.appending(path: "Sources/\($0)/module.modulemap").path
            )
        }
    }()

    private static func files(in folder: String) -> [SourceFile] {
        let paths = FileManager.default.enumerator(
            at: root.appending(path: folder),
            includingPropertiesForKeys: nil,
            options: [.skipsHiddenFiles]
        )
        return (paths?.compactMap { $0 as? URL } ?? [])
            .filter { $0.pathExtension == "swift" }
            .sorted { $0.path < $1.path }
            .compactMap { file in
                // `try?`: a file that is gone by now, or is no text, has no style.
                guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
                let path = file.path.dropFirst(root.path.count)
                return SourceFile(path: String(path.drop { $0 == "/" }), text: text)
            }
    }
}
