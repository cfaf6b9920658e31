import Foundation
import Testing

@Suite("The Dockerfile", .enabled(if: ExternalTool.hadolint.isExpected, "compose/test names hadolint in CRYPTOPULSE_HADOLINT"))
struct DockerfileTests {
    private static let file = ExternalTool.tree + "/compose/Dockerfile"

    @Test("hadolint finds nothing")
    func clean() async throws {
        let output = try await ExternalTool.hadolint.run([Self.file])
        #expect(output.succeeded, "\(output.text)")
    }

    @Test("hadolint would find a sloppy one")
    func sloppy() async throws {
        let folder = TemporaryFolder()
        let text = try String(contentsOfFile: Self.file, encoding: .utf8) + "RUN cd /tmp && sudo apt-get install curl\n"
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/Dockerfile"))
        #expect(try await !ExternalTool.hadolint.run([folder.path + "/Dockerfile"]).succeeded)
    }

    @Test("The last stage runs as a numbered user and installs nothing")
    func lastStage() throws {
        let lines = try String(contentsOfFile: Self.file, encoding: .utf8).split(separator: "\n").map(String.init)
        let last = lines[(try #require(lines.lastIndex { $0.hasPrefix("FROM ") }))...]
        #expect(last.contains("USER 65532:65532"))
        #expect(!last.contains { $0.hasPrefix("RUN ") })
    }
}
