// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that what it needs never enters Punctual's own dependencies. The name
// is given because the folder above may have any.
let package = Package(
    name: "punctual-bench",
    products: [.executable(name: "punctual-bench", targets: ["PunctualBench"])],
    dependencies: [
        .package(name: "punctual", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // What is only measured beside Punctual: timers of libuv and of the kernel.
        .systemLibrary(
            name: "CProbes",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"])]
        ),
        // Brokers and a consumer for `--sink kafka`.
        .systemLibrary(
            name: "CKafkaMock",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]
        ),
        .executableTarget(
            name: "PunctualBench",
            dependencies: [
                "CKafkaMock", "CProbes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "PunctualTime", package: "punctual"),
                .product(name: "PunctualWheel", package: "punctual"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .treatAllWarnings(as: .error),
            ]
        ),
    ]
)
