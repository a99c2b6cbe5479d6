// SPDX-License-Identifier: Apache-2.0

import Testing

/// What may be imported: downwards in the diagram of the modules, and never back.
@Suite struct ImportDiagramTests {
    private static let service: Set = ["Logging", "Metrics", "CoreMetrics", "ServiceLifecycle"]
    private static let system: Set = ["Glibc", "Synchronization", "FoundationEssentials"]
    private static let network: Set = [
        "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOHTTPTypes",
        "NIOFoundationEssentialsCompat",
        "HTTPTypes",
    ]

    /// For each module, every module that it may import.
    private static let diagram: [String: Set<String>] = [
        // Domain and wheel: pure; no Foundation, no clock, no file.
        "PunctualTime": [],
        "PunctualWheel": ["BasicContainers"],
        "PunctualCalendar": ["PunctualTime"],
        "PunctualCore": ["PunctualTime", "Crypto"],
        // Mechanism.
        "PunctualZoneInfo": system.union(["PunctualCore", "PunctualTime"]),
        "PunctualLoop": service.union(system).union(["CLibuv"]),
        "PunctualPostgres": service.union(system).union(["CPostgres", "PunctualLoop"]),
        // Engine and edges: none imports another.
        "PunctualEngine": service.union([
            "PunctualCore", "PunctualLoop", "PunctualTime", "PunctualWheel", "Synchronization",
        ]),
        "PunctualStore": service.union(system).union([
            "PunctualCore", "PunctualLoop", "PunctualPostgres", "PunctualTime",
        ]),
        "PunctualDelivery": service.union(system).union(network).union([
            "AsyncHTTPClient", "CCurl", "Crypto", "PunctualCore", "PunctualTime",
        ]),
        "PunctualDapr": service.union(system).union(network).union([
            "AsyncHTTPClient", "PunctualCore", "PunctualTime",
        ]),
        "PunctualKafka": service.union(system).union([
            "CRdKafka", "PunctualCore", "PunctualLoop", "PunctualTime",
        ]),
        "PunctualHTTP": service.union(system).union(network).union([
            "Crypto", "Hummingbird", "HummingbirdCore", "JWTKit", "NIOWebSocket",
            "PunctualCalendar", "PunctualCore", "PunctualTime",
        ]),
        // The executable joins them all.
        "Punctual": service.union(system).union(network).union([
            "ArgumentParser", "AsyncHTTPClient", "CMalloc", "CSystemd", "Configuration",
            "PunctualCalendar",
            "PunctualCore", "PunctualDapr", "PunctualDelivery", "PunctualEngine", "PunctualHTTP",
            "PunctualKafka",
            "PunctualLoop",
            "PunctualPostgres", "PunctualStore", "PunctualTime", "PunctualZoneInfo", "UnixSignals",
        ]),
    ]

    /// Every import with its line, counted from 0.
    private static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        let form =
            /^\s*(?:[@\w()]+\s+)*import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        return file.code.indices.compactMap { line in
            file.code[line].firstMatch(of: form).map { (line, String($0.1)) }
        }
    }

    @Test func `every module imports only what stands below it`() {
        for file in SourceTree.sources {
            guard let allowed = Self.diagram[file.module] else {
                Issue.record("\(file.path):1: the diagram has no module \(file.module)")
                continue
            }
            for (line, module) in Self.imports(of: file) where !allowed.contains(module) {
                Issue.record(
                    "\(file.finding(line, "\(file.module) may not import \(module)"))"
                )
            }
        }
    }

    @Test func `every C library is imported by exactly one module`() {
        for library in SourceTree.cModules {
            let importers = SourceTree.sources.flatMap { file in
                Self.imports(of: file).filter { $0.module == library }
                    .map { (module: file.module, place: file.finding($0.line, "imported here")) }
            }
            #expect(
                Set(importers.map(\.module)).count == 1,
                "\(library): \(importers.map(\.place).joined(separator: ", "))"
            )
        }
    }
}
