// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)

let package = Package(
    name: "punctual",
    products: [
        .executable(name: "punctual", targets: ["Punctual"]),
        // Public, because `bench/` measures these two from another package.
        .library(name: "PunctualTime", targets: ["PunctualTime"]),
        .library(name: "PunctualWheel", targets: ["PunctualWheel"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: ["YAML"]
        ),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Domain: pure, no clock, no file, no Foundation.
        .target(name: "PunctualTime"),
        .target(name: "PunctualCalendar", dependencies: ["PunctualTime"]),
        .target(
            name: "PunctualCore",
            dependencies: ["PunctualTime", .product(name: "Crypto", package: "swift-crypto")]
        ),

        // Mechanism.
        .target(
            name: "PunctualWheel",
            dependencies: [.product(name: "BasicContainers", package: "swift-collections")]
        ),
        .target(name: "PunctualZoneInfo", dependencies: ["PunctualCore", "PunctualTime"]),
        .target(name: "PunctualLoop", dependencies: ["CLibuv", logging, metrics, lifecycle]),
        .target(
            name: "PunctualPostgres",
            dependencies: ["CPostgres", "PunctualLoop", logging, metrics, lifecycle]
        ),

        // Engine and edges: they never import one another; the executable joins them.
        .target(
            name: "PunctualEngine",
            dependencies: [
                "PunctualCore", "PunctualLoop", "PunctualTime", "PunctualWheel",
                logging, metrics, lifecycle,
            ]
        ),
        .target(
            name: "PunctualStore",
            dependencies: [
                "PunctualCore", "PunctualLoop", "PunctualPostgres", "PunctualTime",
                logging, metrics, lifecycle,
            ],
            resources: [.embedInCode("SQL")]
        ),
        .target(
            name: "PunctualDelivery",
            dependencies: [
                "CCurl", "PunctualCore", "PunctualTime", logging, metrics, lifecycle,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "PunctualDapr",
            dependencies: [
                "PunctualCore", "PunctualTime", logging, metrics,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ]
        ),
        .target(
            name: "PunctualKafka",
            dependencies: [
                "CRdKafka", "PunctualCore", "PunctualLoop", "PunctualTime",
                logging, metrics, lifecycle,
            ]
        ),
        .target(
            name: "PunctualHTTP",
            dependencies: [
                "PunctualCalendar", "PunctualCore", "PunctualTime", logging, metrics, lifecycle,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            resources: [.embedInCode("Page"), .embedInCode("OpenAPI")]
        ),
        .executableTarget(
            name: "Punctual",
            dependencies: [
                "CMalloc", "CSystemd", "PunctualCalendar", "PunctualCore", "PunctualDelivery",
                "PunctualDapr", "PunctualEngine", "PunctualHTTP", "PunctualKafka", "PunctualLoop",
                "PunctualPostgres",
                "PunctualStore", "PunctualTime", "PunctualZoneInfo", logging, metrics, lifecycle,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ]
        ),

        // C libraries, each imported by exactly one module.
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(
            name: "CLibuv",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"])]
        ),
        .systemLibrary(
            name: "CPostgres",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]
        ),
        .systemLibrary(
            name: "CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]
        ),
        .systemLibrary(
            name: "CSystemd",
            pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]
        ),

        // Tests, one target a module.
        .executableTarget(
            name: "KafkaMock",
            dependencies: ["CRdKafka"],
            path: "Tests/KafkaMock"
        ),
        .testTarget(
            name: "PunctualDaprTests",
            dependencies: [
                "PunctualCore", "PunctualDapr", "PunctualTime",
                .product(name: "Hummingbird", package: "hummingbird"), logging,
            ]
        ),
        .testTarget(
            name: "PunctualKafkaTests",
            dependencies: [
                "PunctualCore", "PunctualKafka", "PunctualLoop", "PunctualTime",
                logging,
            ]
        ),
        .target(
            name: "PunctualTestSupport",
            dependencies: [
                "PunctualCore", "PunctualLoop", "PunctualPostgres", "PunctualStore", logging,
            ],
            path: "Tests/PunctualTestSupport"
        ),
        .testTarget(
            name: "PunctualTimeTests",
            dependencies: ["PunctualTime"],
            resources: [.copy("Recurrence")]
        ),
        .testTarget(
            name: "PunctualCalendarTests",
            dependencies: ["PunctualCalendar", "PunctualTime"]
        ),
        .testTarget(name: "PunctualCoreTests", dependencies: ["PunctualCore", "PunctualTime"]),
        .testTarget(name: "PunctualWheelTests", dependencies: ["PunctualWheel"]),
        .testTarget(name: "PunctualLoopTests", dependencies: ["PunctualLoop"]),
        .testTarget(
            name: "PunctualPostgresTests",
            dependencies: ["PunctualPostgres", "PunctualTestSupport", logging]
        ),
        .testTarget(
            name: "PunctualStoreTests",
            dependencies: [
                "PunctualCore", "PunctualLoop", "PunctualPostgres", "PunctualStore",
                "PunctualTestSupport", "PunctualTime", logging,
            ]
        ),
        .target(
            name: "PunctualSimulation",
            dependencies: ["PunctualCore", "PunctualEngine", "PunctualTime"],
            path: "Tests/PunctualSimulation"
        ),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "PunctualSimulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Simulate"
        ),
        .testTarget(
            name: "PunctualEngineTests",
            dependencies: [
                "PunctualCore", "PunctualEngine", "PunctualSimulation", "PunctualTime",
            ]
        ),
        .testTarget(name: "PunctualDeliveryTests", dependencies: ["PunctualDelivery"]),
        .testTarget(
            name: "PunctualHTTPTests",
            dependencies: [
                "PunctualCore", "PunctualHTTP",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Punctual", "PunctualPostgres", "PunctualTestSupport"]
        ),
        .testTarget(name: "TidyTests"),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
