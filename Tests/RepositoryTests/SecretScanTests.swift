import Foundation
import TestSupport
import Testing

/// Runs `compose/secret-scan`, by a Python that has detect-secrets. `compose/test` makes its virtual environment.
@Suite("No secrets in the repository")
struct SecretScanTests {
    private static let variable = "CRYPTOPULSE_DETECT_SECRETS"
    private static let python = ProcessInfo.processInfo.environment[variable]
    private static let isAvailable = python != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    private static func scan(_ folder: URL) async throws -> ProgramRun {
        let python = try #require(python, "\(variable) is not set")
        return try await ProgramRun.of(python, [Repository.here.root.appending(path: "compose/secret-scan").path], in: folder, seconds: 300)
    }

    @Test("Every find in the tree and in the history is a reviewed one", .enabled(if: isAvailable, "set CRYPTOPULSE_DETECT_SECRETS to a Python with detect-secrets"))
    func nothingNew() async throws {
        let run = try await Self.scan(Repository.here.root)
        #expect(run.succeeded, "\(run.text)")
    }

    @Test(
        "A key that is planted is found: in a new file, in a committed one, and in the history after it was taken out again",
        .enabled(if: isAvailable, "set CRYPTOPULSE_DETECT_SECRETS to a Python with detect-secrets"))
    func plantedKey() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        func git(_ arguments: String...) async throws {
            let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
            let run = try await ProgramRun.of("git", identity + arguments, in: folder)
            #expect(run.succeeded, "\(run.text)")
        }
        func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }
        try await git("init", "--quiet")
        try FileManager.default.copyItem(at: Repository.here.root.appending(path: ".secrets.baseline"), to: folder.appending(path: ".secrets.baseline"))
        try write("nothing here\n", to: "notes.txt")
        try await git("add", "-A")
        try await git("commit", "--quiet", "-m", "Notes")
        #expect(try await Self.scan(folder).succeeded)
        // In halves, so that this file holds none.
        try write("key = \"AKIA" + "QYLPMN5HHHFPZAM2\"\n", to: "settings.ini")
        let new = try await Self.scan(folder)
        #expect(new.exitCode == 1 && new.text.contains("settings.ini:1: AWS Access Key"), "\(new.text)")
        try await git("add", "-A")
        try await git("commit", "--quiet", "-m", "Settings")
        #expect(try await Self.scan(folder).exitCode == 1)
        try write("key = from the secret store\n", to: "settings.ini")
        try await git("commit", "--quiet", "-am", "Settings without the key")
        let past = try await Self.scan(folder)
        #expect(past.exitCode == 1 && past.text.contains("settings.ini (in the history): AWS Access Key"), "\(past.text)")
    }
}
