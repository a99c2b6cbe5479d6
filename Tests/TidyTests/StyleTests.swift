// SPDX-License-Identifier: Apache-2.0

import Testing

/// Rules about the source itself that neither the compiler nor the formatter keeps.
@Suite struct StyleTests {
    private static let maximumFunctionLength = 70
    private static let maximumFileLength = 400
    private static let pureModules: Set = [
        "PunctualTime", "PunctualCalendar", "PunctualWheel", "PunctualCore", "PunctualEngine",
    ]

    private func report(_ findings: [String]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    @Test func `there is something to read`() {
        #expect(SourceTree.sources.count > 50)
        #expect(SourceTree.everything.contains { $0.path == "Tests/TidyTests/StyleTests.swift" })
    }

    @Test func `every file names its licence`() {
        report(
            SourceTree.everything
                .filter { !$0.lines.prefix(2).contains("// SPDX-License-Identifier: Apache-2.0") }
                .map { $0.finding(0, "begin with // SPDX-License-Identifier: Apache-2.0") }
        )
    }

    @Test func `files are short`() {
        report(
            SourceTree.everything.filter { $0.length > Self.maximumFileLength }.map {
                $0.finding($0.length - 1, "at most \(Self.maximumFileLength) lines; divide it")
            }
        )
    }

    @Test func `functions are short`() {
        for file in SourceTree.everything {
            report(
                file.functions.filter { $0.length > Self.maximumFunctionLength }.map {
                    file.finding(
                        $0.first,
                        "\($0.length) lines, at most \(Self.maximumFunctionLength)"
                    )
                }
            )
        }
    }

    @Test func `nothing is left to do`() {
        for file in SourceTree.everything {
            for (index, line) in file.lines.enumerated() {
                guard let slashes = line.firstRange(of: "//") else { continue }
                let comment = line[slashes.lowerBound...]
                if comment.contains(/\b(TO)?(FIX)?(DO|ME)\b:|\b(TODO|FIXME|XXX|HACK)\b/) {
                    report([file.finding(index, "do it, or write an issue")])
                }
            }
        }
    }

    @Test func `nothing sleeps or is detached`() {
        for file in SourceTree.sources {
            report(
                file.lines(matching: /\bTask\s*(<.*>)?\s*\.\s*(sleep|detached)\b/).map {
                    file.finding($0, "wait for events; use structured concurrency")
                }
            )
        }
    }

    @Test func `every use of unsafe says why it is safe`() {
        for file in SourceTree.sources {
            report(
                file.lines(matching: /(^|[^\w(@])unsafe\s/)
                    .filter { !file.isCovered($0, by: "SAFETY:") }
                    .map { file.finding($0, "say why in a comment that begins with SAFETY:") }
            )
        }
    }

    @Test func `the pure modules contain nothing unsafe`() {
        for file in SourceTree.sources where Self.pureModules.contains(file.module) {
            report(
                file.lines(matching: /\bunsafe\b|@unchecked\b/).map {
                    file.finding($0, "\(file.module) does without")
                }
            )
        }
    }

    @Test func `every package and public declaration is documented`() {
        let declaration =
            /^\s*(@\w+(\([^)]*\))?\s+)*((static|final|mutating|nonisolated|consuming|borrowing|override|convenience|indirect|distributed)\s+)*(package|public|open)\s+(?!import\b|extension\b)/
        for file in SourceTree.sources {
            report(
                file.lines(matching: declaration)
                    .filter { !file.isDocumented($0) && !isWitness(file.code[$0]) }
                    .map { file.finding($0, "say in a /// comment what it is") }
            )
        }
    }

    /// Whether a line declares what a protocol requires: the protocol says there what it is.
    private func isWitness(_ line: String) -> Bool {
        line.declaredName.map { Self.requirements.contains($0) } ?? false
    }

    /// The names that the project's protocols require, and those of the standard library that
    /// its types conform to.
    private static let requirements: Set<String> = {
        var names: Set = ["<", "==", "description", "debugDescription", "hash", "run", "next"]
        for file in SourceTree.sources {
            var isInside = false
            for line in file.code {
                if line.contains(/\bprotocol\s+\w/) { isInside = true }
                if isInside, let name = line.declaredName { names.insert(name) }
                if line.hasPrefix("}") { isInside = false }
            }
        }
        return names
    }()
}

extension String {
    /// The name of the function or property that a line of code declares.
    fileprivate var declaredName: String? {
        firstMatch(of: /\b(?:func|var|let)\s+([\w<=]+)/).map { String($0.1) }
    }
}
