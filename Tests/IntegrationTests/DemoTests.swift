import Deployment
import LocalMesh
import TestSupport
import Testing

extension Integration {
    @Suite("pulse demo")
    struct DemoTests {
        @Test("Its exit code 0 means a filled order and a proven record")
        func succeeds() async throws {
            let demo = try await demo(on: SharedMesh.mesh())
            #expect(demo.exitCode == 0, "\(demo.text)")
            #expect(demo.text.contains("FILLED") && demo.text.contains("proven  "), "\(demo.text)")
            #expect(demo.text.contains("the order is filled and its audit record proven"), "\(demo.text)")
        }

        @Test("Without audit it fails, and claims neither")
        func failsWithoutAudit() async throws {
            try await LocalMesh.with { mesh in
                try await mesh.process(.audit).stop()
                let demo = try await demo(on: mesh)
                #expect(demo.exitCode == 1, "\(demo.text)")
                #expect(!demo.text.contains("FILLED") && !demo.text.contains("proven"), "\(demo.text)")
            }
        }

        private func demo(on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", ["demo", "--state", mesh.folder.path])
        }
    }
}
