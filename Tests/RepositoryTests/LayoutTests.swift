import Foundation
import Testing

@Suite("The layers hold")
struct LayoutTests {
    private let manifest: Manifest

    init() throws {
        manifest = Manifest(text: try Repository.here.text("Package.swift"))
    }

    @Test("Every import is declared and points down, and C modules have only their named importers")
    func importsPointDown() async throws {
        let files = try await Repository.here.sources(below: "Sources") + Repository.here.sources(below: "Tests")
        #expect(files.count > 50)
        // What these hold is built apart from the package, by a manifest or a script of their own.
        let apart = ["Tests/Benchmarks/", "Tests/Sanitizers/"]
        let found = files.filter { file in !apart.contains { file.path.hasPrefix($0) } }.flatMap { ImportRules.violations(in: $0, manifest: manifest) }
        #expect(found.isEmpty, "\(found.map(\.description).joined(separator: "\n"))")
    }

    @Test(
        "A planted import that breaks a rule is found",
        arguments: [
            ("Sources/Mesh/MeshWire/Canary.swift", "import NIOCore", "pure values"),
            ("Sources/Mesh/MeshCall/Canary.swift", "import MeshRuntime", "not a declared dependency"),
            ("Sources/Mesh/MeshCall/Canary.swift", "internal import ServiceKit", "points up"),
            ("Sources/Services/AgentService/Canary.swift", "import ExecutionService", "never imports another service"),
            ("Sources/Services/AuthService/Canary.swift", "import COpenSSL", "may import COpenSSL"),
            ("Sources/Mesh/MeshTLS/Canary.swift", "public import COpenSSL", "C types into signatures"),
            ("Sources/Platform/ServiceKit/Canary.swift", "@testable import LocalMesh", "only tests import Testing"),
            ("Sources/Nowhere/Canary.swift", "import Foundation", "belongs to no target"),
        ])
    func plantedImportIsFound(path: String, line: String, why: String) {
        let found = ImportRules.violations(in: SourceFile(path: path, text: line), manifest: manifest)
        #expect(found.contains { $0.why.contains(why) }, "found only \(found)")
    }

    @Test("The manifest is understood: rooms and dependencies come out as written")
    func manifestIsRead() throws {
        #expect(manifest.targets["MeshCall"]?.room == "Mesh")
        #expect(manifest.targets["MeshCall"]?.uses.isSuperset(of: ["MeshWire", "MeshMessages"]) == true)
        #expect(manifest.targets["ExecutionService"]?.uses.isSuperset(of: ["ServiceKit", "Exchange"]) == true)
        #expect(manifest.targets["market-data"]?.room == "Programs")
        #expect(manifest.targets["Trading"]?.room == "Trading")
    }

    @Test("Every C target has its named importers, so that a new one is closed until somebody opens it")
    func everyCTargetIsNamed() {
        let found = manifest.targets.values.filter { $0.room == "System" }.map(\.name)
        #expect(found.count >= 7)
        #expect(Set(found).subtracting(ImportRules.importersOfC.keys).isEmpty)
    }

    private static let topLevelNames: Set<String> = ["Package.swift", "Sources", "Tests", "proto", "compose", "README.md", "CHANGELOG.md", "LICENSE"]

    private static func strangers(among files: [String]) -> Set<String> {
        Set(files.compactMap { $0.split(separator: "/").first.map(String.init) }.filter { !$0.hasPrefix(".") }).symmetricDifference(topLevelNames)
    }

    @Test("The top level is the user's")
    func topLevel() async throws {
        #expect(Self.strangers(among: try await Repository.here.files(below: ".")).isEmpty)
        #expect(Self.strangers(among: Self.topLevelNames.map { $0 + "/x" } + ["docs/a.md"]) == ["docs"])
        #expect(Self.strangers(among: ["Sources/a.swift"]).contains("README.md"))
    }

    @Test("The manifest's switch leaves the mesh alone, with nothing of CryptoPulse")
    func meshAlone() async throws {
        // A scratch folder of its own: the test run holds the lock of the usual one.
        let scratch = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let described = try await Repository.here.run(
            "swift", ["package", "--scratch-path", scratch.path, "dump-package"], environment: ["CRYPTOPULSE_MESH_ONLY": "1"])
        for name in ["MeshWire", "MeshMessages", "MeshTLS", "MeshCall", "MeshRuntime", "protoc-gen-mesh"] {
            #expect(described.contains("\"name\" : \"\(name)\""), "\(name) is missing")
        }
        for name in ["ServiceKit", "Trading", "ExecutionService", "hummingbird", "grdb"] {
            #expect(!described.lowercased().contains("\"\(name.lowercased())\""), "\(name) is not the mesh's")
        }
    }
}
