// swift-tools-version: 6.2
import PackageDescription

// Targets stand in the order of the rooms under Sources: an arrow may only point to something above it.
// Tests/RepositoryTests keep that rule, and the one that every import is a declared dependency.
//
// CRYPTOPULSE_MESH_ONLY=1 swift build    builds the mesh alone: the `Mesh` product and what it needs.

let meshOnly = Context.environment["CRYPTOPULSE_MESH_ONLY"] == "1"
// CRYPTOPULSE_TESTS=TradingTests,StorageTests builds only those test targets: a shorter wait while working in one room.
let onlyTests = Context.environment["CRYPTOPULSE_TESTS"].map { Set($0.split(separator: ",").map(String.init)) }

// CRYPTOPULSE_FUZZ=1 adds the fuzzers, which Tests/Fuzz/run builds and runs, and measures what they reach.
let fuzzes = Context.environment["CRYPTOPULSE_FUZZ"] == "1"

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
] + (fuzzes ? [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])] : [])

// MARK: - What comes from outside

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
func tracing(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-distributed-tracing") }
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
// The C API beneath GRDB, for what GRDB does not wrap: the authorizer, limits.
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

// MARK: - How a room's targets are declared

// In the mesh an async function stays where its caller is: a change of executor with every step costs more than a small call's work.
let meshHouse = house + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

func target(_ name: String, in room: String, uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, path: "Sources/\(room)/\(name)", swiftSettings: room == "Mesh" ? meshHouse : house)
}

func program(_ name: String, uses: [Target.Dependency], linkedWith linker: [LinkerSetting]? = nil) -> Target {
    .executableTarget(name: name, dependencies: uses, path: "Sources/Programs/\(name)", swiftSettings: house, linkerSettings: linker)
}

/// Swift's runtime inside the program, as the images of the services have it: a call into it takes no detour through the dynamic linker's table.
/// The two libraries are what Foundation's essentials themselves need; modules that were compiled for the shared runtime do not name them.
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims"], .when(configuration: .release)),
]

func systemLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func cTarget(_ name: String, uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, path: "Sources/System/\(name)")
}

/// A program that stands among the tests, as its user would write it.
func sample(_ name: String, uses: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: uses, path: "Tests/\(name)", swiftSettings: house)
}

func tests(_ name: String, uses: [Target.Dependency], excludes: [String] = []) -> Target {
    .testTarget(name: name, dependencies: uses, path: "Tests/\(name)", exclude: excludes, swiftSettings: house)
}

/// What several test targets use.
func testTool(_ name: String, uses: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: uses, path: "Tests/\(name)", swiftSettings: house)
}

func fuzzer(_ name: String, uses: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: uses, path: "Tests/Fuzz/\(name)", swiftSettings: house,
        // The default linker fails over the sections that the fuzzer's counters stand in.
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
}

// MARK: - The mesh

let system: [Target] = [
    systemLibrary("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
    systemLibrary("CProtobufC", pkgConfig: "libprotobuf-c", apt: "libprotobuf-c-dev"),
    // Generated by protoc-c from proto/, committed, never edited.
    cTarget("CMessages", uses: ["CProtobufC"]),
    cTarget("CPluginMessages", uses: ["CProtobufC"]),
    cTarget("CBenchMessages", uses: ["CProtobufC"]),
]

let mesh: [Target] = [
    // Frames and the connection and stream state machines: pure values, no I/O, no clock.
    target("MeshWire", in: "Mesh"),
    // The runtime between Swift values and protobuf-c, and the mesh's own messages.
    target("MeshMessages", in: "Mesh", uses: ["CProtobufC", "CMessages"]),
    // libssl on a NIO channel; certificates and SPIFFE identities.
    target("MeshTLS", in: "Mesh", uses: ["COpenSSL", logging, nio("NIOCore"), nio("NIOPosix")]),
    // Calls, streams, deadlines, metadata, interceptors, status, policy; the in-process transport.
    target("MeshCall", in: "Mesh", uses: ["MeshWire", "MeshMessages", logging, nio("NIOCore"), nio("NIOPosix")]),
    // Server and client over TLS.
    target(
        "MeshRuntime", in: "Mesh",
        uses: ["MeshCall", "MeshTLS", "MeshWire", "MeshMessages", logging, nio("NIOCore"), nio("NIOPosix")]),
    // Traces, metrics and log lines of calls.
    target("MeshTelemetry", in: "Mesh", uses: ["MeshCall", tracing("Tracing"), tracing("Instrumentation"), coreMetrics, logging, nio("NIOCore")]),
]

let meshTools: [Target] = [
    // What protoc-gen-mesh does, as a library so that its rules have tests.
    target("MeshGenerator", in: "Tools", uses: ["CPluginMessages", "CProtobufC"]),
    program("protoc-gen-mesh", uses: ["MeshGenerator"]),
    // list, describe, call and ping for any services: a ready tool for users of the mesh, and what `pulse mesh` is made of.
    target(
        "MeshTool", in: "Tools",
        uses: ["MeshRuntime", "MeshTelemetry", "MeshCall", "MeshTLS", "MeshMessages", argumentParser, logging, nio("NIOCore"), nio("NIOPosix")]),
    // The server and the client of the benchmarks.
    target(
        "MeshBench", in: "Tools",
        uses: [
            "MeshRuntime", "MeshCall", "MeshTLS", "MeshMessages", "MeshWire", "CBenchMessages", "CProtobufC", argumentParser, histogram, logging,
            nio("NIOCore"), nio("NIOPosix"),
        ]),
    program("mesh-bench", uses: ["MeshBench", argumentParser], linkedWith: staticRuntime),
]

let meshSamples: [Target] = [
    // C messages of proto/sample and proto/interop, whose Swift code stands in the tests: a module of its own, as a user of Mesh has it.
    .target(name: "CSampleMessages", dependencies: ["CProtobufC"], path: "Tests/CSampleMessages"),
    // The programs of the article "Your first service", and the code of their messages.
    .target(name: "CGreeter", dependencies: ["CProtobufC"], path: "Tests/CGreeter"),
    testTool("GreeterAPI", uses: ["MeshCall", "MeshMessages", "CGreeter"]),
    sample("FirstService", uses: ["GreeterAPI", "MeshRuntime", "MeshTelemetry", "MeshCall", "MeshTLS", "MeshMessages", logging, nio("NIOPosix")]),
    sample("GreeterTool", uses: ["GreeterAPI", "MeshTool"]),
    // Runs other programs, records what is logged, lets one side of a test wait for the other.
    target("TestSupport", in: "Testing", uses: ["MeshCall", logging, subprocess, systemPackage]),
]

let meshTests: [Target] = [
    tests(
        "MeshFuzzTests",
        uses: [
            "MeshCall", "MeshTLS", "MeshMessages", "MeshWire", "CSampleMessages", "COpenSSL", logging, nio("NIOCore"), nio("NIOEmbedded"),
        ]),
    tests("MeshWireTests", uses: ["MeshWire"]),
    tests("MeshMessagesTests", uses: ["MeshMessages", "CSampleMessages", "TestSupport"]),
    tests("MeshTLSTests", uses: ["MeshTLS", "COpenSSL", "TestSupport", nio("NIOCore"), nio("NIOPosix"), nio("NIOEmbedded")]),
    tests("MeshCallTests", uses: ["MeshCall", "MeshMessages", "MeshWire", "TestSupport", logging, nio("NIOCore"), nio("NIOPosix")]),
    tests(
        "MeshRuntimeTests",
        uses: [
            "MeshRuntime", "MeshCall", "MeshTLS", "MeshMessages", "MeshWire", "CSampleMessages", "TestSupport", "mesh-bench", logging,
            nio("NIOCore"), nio("NIOPosix"),
        ],
        excludes: ["Interop/Go", "Interop/Python"]),
    tests(
        "MeshTelemetryTests",
        uses: [
            "MeshTelemetry", "MeshCall", "TestSupport", tracing("Tracing"), tracing("Instrumentation"), tracing("InMemoryTracing"), metricsTestKit,
            logging, nio("NIOCore"),
        ]),
    tests("FirstServiceTests", uses: ["FirstService", "GreeterTool", "protoc-gen-mesh", "TestSupport"]),
    tests(
        "MeshToolTests",
        uses: ["MeshTool", "MeshTelemetry", "MeshCall", "MeshTLS", "MeshMessages", logging, nio("NIOCore")]),
    tests("MeshGeneratorTests", uses: ["MeshGenerator", "TestSupport"]),
]

let meshFuzzers: [Target] = [
    fuzzer(
        "MeshFuzz",
        uses: [
            "MeshCall", "MeshTLS", "MeshMessages", "MeshWire", "CSampleMessages", "COpenSSL", logging, nio("NIOCore"), nio("NIOEmbedded"),
        ])
]

// MARK: - CryptoPulse

let appSystem: [Target] = [
    systemLibrary("CArgon2", pkgConfig: "libargon2", apt: "libargon2-dev"),
    // Landlock, prctl and peers: system calls that glibc has no Swift-visible wrapper for.
    cTarget("CLinux"),
    // The part of PKCS #11 that is used, and the loading of a vendor's module.
    cTarget("CPKCS11"),
    cTarget("CServiceMessages", uses: ["CProtobufC"]),
]

let platform: [Target] = [
    // Exact decimals, instruments, orders, proposals, canonical encoding, provenance, risk rules: pure values.
    target("Trading", in: "", uses: [crypto]),
    // Generated messages, stubs and policy table of the five services.
    target("ServiceAPI", in: "Platform", uses: ["MeshCall", "MeshMessages", "CServiceMessages", "CProtobufC"]),
    // Takes secrets and personal data out of text that leaves a process: logs, errors, audit detail, prompts.
    target("Redaction", in: "Platform"),
    // Hashing, sealing, password hashing, one-time codes, Merkle trees, signed notes.
    target("Cryptography", in: "Platform", uses: ["CArgon2", "COpenSSL", crypto]),
    // Secret values, and the stores that need no network: files, environment, sealed file.
    target("Secrets", in: "Platform", uses: ["Cryptography", "CLinux", crypto]),
    // How somebody else's HTTP server is called: TLS, roots, timeouts, and what a failure says of itself.
    target(
        "OutboundHTTP", in: "Platform",
        uses: [asyncHTTPClient, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"), .product(name: "NIOSSL", package: "swift-nio-ssl")]),
    // The stores elsewhere (Vault, AWS, PKCS #11 devices), and which one a service's settings choose.
    target(
        "SecretStores", in: "Platform",
        uses: [
            "Secrets", "Cryptography", "OutboundHTTP", "CPKCS11", crypto, asyncHTTPClient, nio("NIOCore"), nio("NIOHTTP1"),
        ]),
    // SQLite through GRDB: one file a service, migrations, row-level security, encrypted columns, the audit outbox.
    target("Storage", in: "Platform", uses: ["Cryptography", grdb, grdbSQLite, logging]),
    // Tokens and certificates: issuing and strict verification.
    target("Identity", in: "Platform", uses: ["Cryptography", crypto, jwtKit, x509, asn1]),
    // Logs, metrics and traces of one process.
    target("Telemetry", in: "Platform", uses: ["Redaction", "MeshTelemetry", tracing("Tracing"), tracing("Instrumentation"), logging, metrics]),
    // Sends a service's outbox to audit and waits for its durable acknowledgement.
    target("AuditClient", in: "Platform", uses: ["ServiceAPI", "Storage", "MeshCall", "MeshMessages", "Cryptography", "Redaction", "MeshTelemetry", tracing("Instrumentation"), grdb, logging, crypto, lifecycle]),
    // The life of a service's keys: age, rotation, revocation; the keys that seal its database.
    target(
        "KeyManagement", in: "Platform",
        uses: ["AuditClient", "ServiceAPI", "Storage", "Secrets", "Cryptography", "MeshCall", "MeshMessages", crypto, grdb, logging]),
    // What every service does: settings, confinement, start, token checks, health, drain.
    target(
        "ServiceKit", in: "Platform",
        uses: [
            "ServiceAPI", "MeshRuntime", "MeshCall", "MeshTLS", "MeshMessages", "Identity", "Secrets", "SecretStores", "Storage", "Telemetry", "Redaction",
            "AuditClient", "KeyManagement", "Cryptography", "CLinux", "MeshTelemetry", tracing("Tracing"), grdb, coreMetrics, argumentParser, asn1, x509, logging, lifecycle, unixSignals, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"),
        ]),
    // HTTPS for people: Hummingbird over MeshTLS.
    target(
        "HTTPSKit", in: "Platform",
        uses: ["MeshTLS", "Redaction", hummingbird, logging, metrics, lifecycle, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOFoundationCompat"),
            .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras")]),
    // State folder, development PKI and secrets, ports, starting and stopping the processes.
    target(
        "Deployment", in: "Platform",
        uses: ["ServiceKit", "KeyManagement", "Identity", "Secrets", "SecretStores", "Cryptography", "MeshRuntime", "MeshCall", "MeshTLS", "CLinux", logging, crypto, subprocess, asyncHTTPClient,
            nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOFoundationCompat"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "SystemPackage", package: "swift-system")]),
    // The Binance Spot client, used by market-data and execution.
    target(
        "Exchange", in: "",
        uses: [
            "Trading", "Redaction", "OutboundHTTP", crypto, asyncHTTPClient, logging, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOConcurrencyHelpers"),
        ]),
]

let serviceBase: [Target.Dependency] = [
    "ServiceKit", "ServiceAPI", "MeshCall", "MeshMessages", "Storage", "AuditClient", "KeyManagement", "Identity", "Secrets", "Cryptography", "Trading",
    grdb, logging, lifecycle, crypto, nio("NIOCore"),
]

let services: [Target] = [
    target("AuthService", in: "Services", uses: serviceBase + ["MeshTLS", x509, asn1]),
    target("AgentService", in: "Services", uses: serviceBase + ["Redaction", "OutboundHTTP", asyncHTTPClient, nio("NIOHTTP1")]),
    target("MarketDataService", in: "Services", uses: serviceBase + ["Exchange"]),
    target("ExecutionService", in: "Services", uses: serviceBase + ["Exchange", "OutboundHTTP", "SecretStores"]),
    target("AuditService", in: "Services", uses: serviceBase + ["OutboundHTTP", asyncHTTPClient, nio("NIOHTTP1")]),
    target("Gateway", in: "Services", uses: serviceBase + ["HTTPSKit", "MeshTLS", "MeshTelemetry", tracing("Tracing"), tracing("Instrumentation"), hummingbird, .product(name: "HTTPTypes", package: "swift-http-types")]),
    target(
        "SandboxExchange", in: "Services",
        uses: [
            "HTTPSKit", "ServiceKit", "Storage", "KeyManagement", "AuditClient", "Trading", "MeshTLS", "Cryptography", "Secrets", hummingbird, grdb, logging, lifecycle, crypto,
            nio("NIOCore"), nio("NIOConcurrencyHelpers"), .product(name: "HTTPTypes", package: "swift-http-types"),
        ]),
]

let tools: [Target] = [
    // The operator's and trader's commands behind `pulse`.
    target(
        "PulseCommands", in: "Tools",
        uses: [
            "MeshTool", "Deployment", "Secrets", "Identity", "Telemetry", "Cryptography", "Trading", "ServiceKit", "ServiceAPI", "MeshRuntime", "MeshTelemetry", "MeshCall", "MeshMessages", "MeshTLS", argumentParser, asyncHTTPClient,
            unixSignals, logging, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix"), nio("NIOFoundationCompat"),
        ]),
]

let programs: [Target] = [
    program("auth", uses: ["AuthService", "ServiceKit"]),
    program("agent", uses: ["AgentService", "ServiceKit"]),
    program("market-data", uses: ["MarketDataService", "ServiceKit"]),
    program("execution", uses: ["ExecutionService", "ServiceKit"]),
    program("audit", uses: ["AuditService", "ServiceKit"]),
    program("gateway", uses: ["Gateway", "ServiceKit"]),
    program("sandbox-exchange", uses: ["SandboxExchange", "ServiceKit"]),
    program("pulse", uses: ["PulseCommands", argumentParser]),
]

let testing: [Target] = [
    // The whole mesh on free ports with its own PKI, for tests and for users' tests.
    target(
        "LocalMesh", in: "Testing",
        uses: ["Deployment", "KeyManagement", "PulseCommands", "ServiceKit", "SecretStores", "Cryptography", "MeshRuntime", "MeshTLS", asyncHTTPClient, logging, nio("NIOCore"), nio("NIOPosix")]),
]

let appTestTools: [Target] = [
    // Finds many byte strings in one pass: what an isolation test reads is gigabytes.
    .target(name: "CByteSearch", path: "Tests/CByteSearch"),
    // A real HTTPS server that answers as language models do, on a free port.
    testTool(
        "ModelServer",
        uses: ["Identity", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), .product(name: "NIOSSL", package: "swift-nio-ssl")]),
    // A real OpenBao, SoftHSM, and how programs of others are found.
    testTool("SecretServers", uses: ["Secrets", "SecretStores", "TestSupport"]),
]

let appTests: [Target] = [
    tests("TradingTests", uses: ["Trading", crypto]),
    tests("ServiceAPITests", uses: ["ServiceAPI", "MeshCall", "MeshMessages", logging, nio("NIOCore")]),
    tests("CryptographyTests", uses: ["Cryptography", crypto]),
    tests("SecretsTests", uses: ["Secrets", "Cryptography", crypto]),
    tests(
        "SecretStoresTests",
        uses: ["SecretStores", "Secrets", "Cryptography", "Exchange", "ServiceKit", "sandbox-exchange", "SecretServers", "TestSupport", "CPKCS11", crypto]),
    tests("StorageTests", uses: ["Storage", grdb, logging]),
    tests("IdentityTests", uses: ["Identity", "Cryptography", crypto, jwtKit, x509, asn1]),
    tests("AuditClientTests", uses: ["AuditClient", "MeshTelemetry", tracing("Instrumentation"), "Storage", "ServiceAPI", "MeshCall", "MeshMessages", "Cryptography", grdb, logging, crypto]),
    tests("KeyManagementTests", uses: ["KeyManagement", "TestSupport", "Redaction", "AuditClient", "Storage", "Secrets", "ServiceAPI", "MeshCall", "MeshMessages", "Cryptography", grdb, logging, crypto]),
    tests("RedactionTests", uses: ["Redaction"]),
    tests("TelemetryTests", uses: ["Telemetry", "Redaction", "MeshTelemetry", "MeshCall", "TestSupport", tracing("Tracing"), tracing("Instrumentation"), logging, metrics]),
    tests(
        "OutboundHTTPTests",
        uses: [
            "OutboundHTTP", asyncHTTPClient, tracing("Tracing"), tracing("Instrumentation"), tracing("InMemoryTracing"), nio("NIOCore"), nio("NIOPosix"),
        ]),
    tests("HTTPSKitTests", uses: ["HTTPSKit", "MeshTLS", "Identity", hummingbird, asyncHTTPClient, logging, lifecycle, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "NIOSSL", package: "swift-nio-ssl")]),
    tests("ServiceKitTests", uses: ["ServiceKit", "AuditClient", "ServiceAPI", "SecretStores", "MeshCall", "MeshRuntime", "MeshTLS", "Identity", "TestSupport", nio("NIOCore"), nio("NIOHTTP1"), logging, crypto]),
    tests("DeploymentTests", uses: ["Deployment", "ServiceKit", "Identity", "Secrets", "SecretStores", crypto, logging, subprocess, .product(name: "SystemPackage", package: "swift-system")]),
    tests("ExchangeTests", uses: ["Exchange", "Trading", crypto, logging, nio("NIOCore"), nio("NIOPosix"), nio("NIOConcurrencyHelpers")]),
    tests("AuthServiceTests", uses: ["AuthService", "MeshTLS"] + serviceBase),
    tests("AgentServiceTests", uses: ["AgentService", "ModelServer"] + serviceBase),
    tests(
        "MarketDataServiceTests",
        uses: ["MarketDataService", "SandboxExchange", "Exchange", hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types")] + serviceBase),
    tests("ExecutionServiceTests", uses: ["ExecutionService", "Exchange", "SecretServers", "SecretStores", "TestSupport"] + serviceBase),
    tests(
        "AuditServiceTests",
        uses: [
            "AuditService", hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ] + serviceBase),
    tests("GatewayTests", uses: ["Gateway", "HTTPSKit", "Telemetry", "MeshTelemetry", "TestSupport", tracing("Tracing"), hummingbird, nio("NIOPosix"), .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "HummingbirdTesting", package: "hummingbird")] + serviceBase),
    tests(
        "SandboxExchangeTests",
        uses: [
            "SandboxExchange", "Exchange", "Storage", "KeyManagement", "Trading", "Cryptography", "Secrets", hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), subprocess, .product(name: "SystemPackage", package: "swift-system"),
            crypto, logging, nio("NIOCore"),
        ]),
    tests("PulseCommandsTests", uses: [argumentParser, "PulseCommands", "MeshTool", "pulse", "TestSupport", "MeshTelemetry", "Deployment", "Cryptography", "ServiceAPI", "MeshCall", "MeshMessages", "Trading", crypto, logging, nio("NIOCore")]),
    tests(
        "IntegrationTests",
        uses: [
            "LocalMesh", "TestSupport", "ModelServer", "SecretServers", "CByteSearch", "Deployment", "KeyManagement", "PulseCommands", "ServiceAPI", "ServiceKit", "MeshRuntime", "MeshTelemetry", "MeshCall", "MeshTLS", "MeshMessages", "Identity",
            "Cryptography", "Trading", "Storage", "Secrets", "SecretStores", "Exchange", "AuditService", crypto, subprocess, asyncHTTPClient, grdb, logging, nio("NIOCore"), nio("NIOPosix"), nio("NIOFoundationCompat"), nio("NIOHTTP1"),
        ]),
    tests("RepositoryTests", uses: ["TestSupport"]),
]

let meshProducts: [Product] = [
    .library(name: "Mesh", targets: ["MeshRuntime", "MeshTelemetry", "MeshCall", "MeshMessages", "MeshTLS", "MeshWire"]),
    .executable(name: "protoc-gen-mesh", targets: ["protoc-gen-mesh"]),
    .library(name: "MeshTool", targets: ["MeshTool"]),
    // For the package in Tests/Benchmarks.
    .library(name: "MeshBench", targets: ["MeshBench"]),
]

let meshPackages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    // For programs with a command line: the mesh tool, the benchmark.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // For tests, and for starting the processes of a deployment.
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
]

let appPackages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]

let package = Package(
    name: "CryptoPulse",
    products: meshProducts,
    dependencies: meshPackages + (meshOnly ? [] : appPackages),
    targets: system + mesh + meshTools + meshSamples + (fuzzes ? meshFuzzers : []) + (meshOnly ? [] : appSystem + platform + services + tools + programs + testing + appTestTools)
        + (meshTests + (meshOnly ? [] : appTests)).filter { onlyTests?.contains($0.name) ?? true }
)
