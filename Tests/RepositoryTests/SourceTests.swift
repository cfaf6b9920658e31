import Foundation
import Testing

@Suite("Sources keep the rules of the house")
struct SourceTests {
    @Test("No traps, no C types in open signatures, no sleeps in tests, no over-long files")
    func sourcesKeepTheRules() async throws {
        let files = try await Repository.here.sources(below: "Sources") + Repository.here.sources(below: "Tests")
        let found = files.filter { !$0.path.hasPrefix("Tests/RepositoryTests/") }.flatMap(SourceRules.violations)
        #expect(found.isEmpty, "\(found.map(\.description).joined(separator: "\n"))")
    }

    @Test(
        "A planted line that breaks a rule is found",
        arguments: [
            ("Sources/Mesh/MeshWire/Canary.swift", "let x = try! f()", "try! traps"),
            ("Sources/Mesh/MeshWire/Canary.swift", "fatalError(\"no\")", "fatalError traps"),
            ("Sources/Mesh/MeshTLS/Canary.swift", "    public let ssl: OpaquePointer", "C type in a signature"),
            ("Sources/Mesh/MeshTLS/Canary.swift", "    package func f(_ p: UnsafeMutablePointer<Mesh__V1__Request>) {}", "C type in a signature"),
            ("Tests/MeshCallTests/Canary.swift", "try await Task.sleep(for: .seconds(1))", "no synchronisation"),
            ("Sources/Trading/Canary.swift", "let price: Double = 1", "money is exact"),
            ("Sources/Mesh/MeshCall/Canary.swift", "let y = x as! Int", "as! traps"),
            ("Sources/Mesh/MeshCall/Canary.swift", "let long = \"" + String(repeating: "a", count: 160) + "\"", "longer than 160"),
            ("Sources/Trading/Canary.swift", "// FIX" + "ME later", "finish it"),
        ])
    func plantedLineIsFound(path: String, line: String, why: String) {
        let found = SourceRules.violations(in: SourceFile(path: path, text: line))
        #expect(found.contains { $0.why.contains(why) }, "found only \(found)")
    }

    @Test("A file one line over the limit is found, and one at the limit is not")
    func lengthLimit() {
        let atLimit = SourceFile(path: "Sources/A.swift", text: Array(repeating: "let a = 1", count: SourceRules.linesMax).joined(separator: "\n"))
        let over = SourceFile(path: "Sources/A.swift", text: atLimit.text + "\nlet b = 2")
        #expect(SourceRules.violations(in: atLimit).isEmpty)
        #expect(!SourceRules.violations(in: over).isEmpty)
    }
}
