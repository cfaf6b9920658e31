import Foundation
import TestSupport
import Testing

@Suite("Generated code")
struct GeneratedCodeTests {
    private func check(proto: String? = nil) async throws -> String {
        var environment = ["PROTOC_GEN_MESH": try BuiltProgram.named("protoc-gen-mesh").path]
        if let proto { environment["PROTO_ROOT"] = proto }
        return try await Repository.here.run("proto/generate", ["--check"], environment: environment)
    }

    @Test("What is committed equals a fresh generation")
    func committedEqualsFresh() async throws {
        _ = try await check()
    }

    @Test("A changed .proto is noticed")
    func changedProtoIsNoticed() async throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "proto-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Repository.here.root.appending(path: "proto"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let file = copy.appending(path: "cryptopulse/auth/v1/auth.proto")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacingOccurrences(of: "string email = 1;", with: "string mail = 1;").write(to: file, atomically: true, encoding: .utf8)
        let failure = try await #require(throws: Repository.CommandFailed.self) { try await check(proto: copy.path) }
        #expect(failure.output.contains("auth.pb-c"), "the difference is named: \(failure.output)")
    }
}
