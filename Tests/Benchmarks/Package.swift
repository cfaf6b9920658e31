// swift-tools-version: 6.2
import PackageDescription

// A package of its own: who builds the mesh needs none of this. CRYPTOPULSE_MESH_ONLY=1 keeps it to what the mesh needs.
let package = Package(
    name: "MeshBenchmarks",
    dependencies: [
        .package(name: "CryptoPulse", path: "../.."),
        // Without its traits: they replace the process's allocator, and would need packages that are nowhere to be had.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // Times each part of the mesh.
        .executableTarget(
            name: "MeshBenchmarks",
            dependencies: [.product(name: "MeshBench", package: "CryptoPulse"), .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/MeshBenchmarks", plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // Does one part's work so many times, to be counted from outside.
        .executableTarget(
            name: "mesh-work", dependencies: [.product(name: "MeshBench", package: "CryptoPulse"), .product(name: "Mesh", package: "CryptoPulse")],
            path: "Benchmarks/mesh-work"),
    ]
)
