// swift-tools-version: 6.2
import PackageDescription

// One package, its targets in floors; imports point down only (see ARCHITECTURE.md).
// The floors are listed from the lowest up: pure, store, C edge, transport, proxy, admin,
// command.

/// What every target is compiled with: the Swift 6 language, no warning tolerated, memory safety
/// and imports spelled out.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// Sources also mark every use of an unsafe construct; test code may touch bytes without ceremony.
let sources = strict + [.strictMemorySafety()]

func floor(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: sources)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "countersign",
  products: [
    .executable(name: "countersign", targets: ["countersign"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Floor 0: pure.
    floor("Primitives"),
    floor("HTTPModel", ["Primitives"]),
    floor("HTTPWire", ["Primitives", "HTTPModel"]),
    floor(
      "CachePolicy",
      [
        "Primitives", "HTTPModel",
        .product(
          name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
      ]),
    floor(
      "MessageSignatures",
      [
        "Primitives", "HTTPModel",
        .product(
          name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
      ]),
    floor("Verdict", ["Primitives", "HTTPModel", "MessageSignatures"]),
    floor("Audit", ["Primitives", "HTTPModel", "Verdict"]),

    // Floor 1: the store.
    floor("CacheStore", ["Primitives", "HTTPModel", "CachePolicy"]),

    // The C edge, beside the floors.
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
      name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    floor("HTTP2", ["Primitives", "HTTPModel", "HTTPWire", "CNGHTTP2"]),
    floor("Platform", ["Primitives", "CLinux"]),
    floor("Cryptography", ["Primitives", "COpenSSL"]),
    floor("TLS", ["Primitives", "Cryptography", "COpenSSL"]),

    // Between the edge and transport: what is proved by signatures, without input or output.
    floor("JOSE", ["Primitives", "Cryptography"]),

    // Floor 2: transport.
    floor("EventLoop", ["Primitives", "HTTPModel", "Platform"]),
    floor("Transport", ["Primitives", "HTTPModel", "EventLoop", "Platform", "TLS"]),
    floor(
      "Telemetry",
      ["Primitives", "HTTPModel", "Platform", .product(name: "Logging", package: "swift-log")]),

    floor(
      "DiskTier",
      ["Primitives", "HTTPModel", "CachePolicy", "CacheStore", "Platform"]),

    // Floor 3: the proxy.
    floor(
      "Configuration",
      [
        "Primitives", "HTTPModel", "HTTPWire", "CachePolicy", "Verdict", "Audit",
        .product(name: "Yams", package: "Yams"),
      ]),
    floor(
      "Proxy",
      [
        "Primitives", "HTTPModel", "HTTPWire", "CachePolicy", "CacheStore", "MessageSignatures",
        "Verdict", "Audit", "Platform", "Cryptography", "JOSE", "TLS", "EventLoop", "Transport",
        "Telemetry", "DiskTier",
        "Configuration",
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Floor 4: operators.
    floor(
      "Admin",
      [
        "Primitives", "HTTPModel", "Platform", "Verdict", "Audit", "EventLoop", "Transport",
        "Configuration", "Proxy",
      ]),

    // The careless caches: faults to put between systems. Nothing of the proxy is in them.
    floor(
      "CarelessCaches",
      [
        "Primitives", "HTTPModel", "HTTPWire", "Verdict", "Platform", "EventLoop", "Transport",
      ]),

    // Floor 5: the command.
    floor(
      "Command",
      [
        "Primitives", "HTTPModel", "HTTPWire", "Platform", "Cryptography", "JOSE", "TLS",
        "EventLoop", "Transport", "Telemetry", "CachePolicy", "Configuration", "Proxy", "Admin",
        "Audit", "CarelessCaches",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(name: "countersign", dependencies: ["Command"], swiftSettings: sources),

    // Measures the store by itself: hit ratios, lookups, overhead.
    .executableTarget(
      name: "store-benchmark",
      dependencies: ["Primitives", "HTTPModel", "CachePolicy", "CacheStore", "DiskTier"],
      path: "Benchmarks/store", swiftSettings: sources),

    // Measures tokens beside the primitives that sign them.
    .executableTarget(
      name: "jose-benchmark", dependencies: ["Primitives", "Cryptography", "JOSE"],
      path: "Benchmarks/jose", swiftSettings: strict),

    // What several test targets share: corpora and the readers for them.
    .target(
      name: "TestSupport", dependencies: ["Primitives", "HTTPModel", "HTTPWire"],
      path: "Tests/Support", swiftSettings: strict),

    // Certificates made on the spot, for tests of TLS and for journeys.
    .target(
      name: "TestCertificates", dependencies: ["COpenSSL"], path: "Tests/TestCertificates",
      swiftSettings: strict),

    tests("Primitives", ["Primitives"]),
    tests("Platform", ["Platform", "Primitives"]),
    tests("EventLoop", ["EventLoop", "Platform", "Primitives"]),
    tests("HTTPModel", ["HTTPModel", "Primitives"]),
    tests("HTTPWire", ["HTTPWire", "HTTPModel", "Primitives", "TestSupport"]),
    tests(
      "CachePolicy", ["CachePolicy", "HTTPModel", "Primitives"], resources: [.copy("Cases")]),
    tests("CacheStore", ["CacheStore", "CachePolicy", "HTTPModel", "Primitives"]),
    tests(
      "DiskTier",
      [
        "DiskTier", "Platform", "CacheStore", "CachePolicy", "HTTPModel", "Primitives",
        "JourneySupport", "store-benchmark",
      ]),
    tests(
      "Transport",
      [
        "Transport", "EventLoop", "Platform", "TLS", "HTTPModel", "Primitives", "TestSupport",
        "TestCertificates",
      ]),
    tests(
      "Telemetry",
      [
        "Telemetry", "Platform", "HTTPModel", "Primitives",
        .product(name: "Logging", package: "swift-log"),
      ]),
    tests("HTTP2", ["HTTP2", "HTTPModel", "HTTPWire", "Primitives"]),
    tests("TLS", ["TLS", "Cryptography", "Primitives", "TestCertificates", "COpenSSL"]),
    tests("Cryptography", ["Cryptography", "Primitives", "TestCertificates"]),
    tests(
      "MessageSignatures", ["MessageSignatures", "Cryptography", "HTTPModel", "Primitives"],
      resources: [.copy("Vectors")]),
    tests("JOSE", ["JOSE", "Cryptography", "Primitives", "TestCertificates"]),
    tests(
      "Verdict", ["Verdict", "MessageSignatures", "Cryptography", "HTTPModel", "Primitives"]),
    tests("Audit", ["Audit", "Verdict", "HTTPModel", "Primitives"]),
    tests(
      "Configuration",
      ["Configuration", "Verdict", "CachePolicy", "HTTPWire", "HTTPModel", "Primitives"],
      resources: [.copy("Cases")]),
    tests(
      "Admin",
      [
        "Admin", "Proxy", "Configuration", "Transport", "Audit", "Verdict", "EventLoop",
        "HTTPModel", "Platform", "Primitives", "JourneySupport",
        .product(name: "Logging", package: "swift-log"),
      ]),

    tests(
      "CarelessCaches",
      [
        "CarelessCaches", "Audit", "HTTPModel", "Platform", "Primitives", "Verdict",
        "JourneySupport",
      ]),

    // Journeys: real processes started cold. Their tools are a target of their own, for other tests
    // too.
    .target(
      name: "JourneySupport", path: "Tests/JourneySupport", swiftSettings: strict),
    tests("Journey", ["JourneySupport", "TestCertificates", "CarelessCaches"]),
    tests(
      "Proxy",
      [
        "Proxy", "Configuration", "Verdict", "CachePolicy", "CacheStore", "HTTPWire", "HTTPModel",
        "Primitives", "Transport", "Telemetry", "Platform", "TLS", "Cryptography", "JOSE",
        "JourneySupport",
        "TestCertificates",
        "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ]),
    // What the fuzzers feed, for `make fuzz` and for the tests that replay the corpora.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Primitives", "HTTPModel", "HTTPWire", "CachePolicy", "MessageSignatures", "Verdict",
        "Configuration", "JOSE", "Cryptography", "TestSupport",
      ],
      path: "Fuzzers/Targets", swiftSettings: strict),
    tests("Fuzz", ["FuzzTargets"]),
    tests("Tidy", []),
  ]
)

// The fuzzers themselves need libFuzzer, which `swift build --sanitize fuzzer` brings along.
if Context.environment["FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzzers/Run", swiftSettings: strict))
  package.products.append(.executable(name: "fuzz", targets: ["fuzz"]))
}
