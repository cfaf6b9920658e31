import Foundation
import MeshTLS
import TestSupport

/// Go's ttrpc as the distribution packages it, with a client and a server around it (Interop/Go/stock).
enum StockTTRPC {
    /// Where Debian's golang-github-containerd-ttrpc-dev puts sources.
    private static let sources = "/usr/share/gocode"

    static let isInstalled = FileManager.default.fileExists(atPath: "\(sources)/src/github.com/containerd/ttrpc") && isProgram("go")
    /// In CI a tool that is missing fails the test instead of skipping it.
    static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"
    static let comment: String = "SKIP: compose/test installs golang-go and golang-github-containerd-ttrpc-dev"

    struct BuildFailed: Error {
        let output: String
    }

    private static let build = Task { try await compile() }
    private static let folder = FileManager.default.temporaryDirectory.appending(path: "mesh-interop-\(UUID().uuidString)")

    /// The program, built once a run in a folder that goes away with this process.
    static func program() async throws -> String {
        try await build.value
    }

    private static func compile() async throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: StockTTRPC.folder) }
        let cache = folder.appending(path: "cache").path, program = folder.appending(path: "stock").path
        let code = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Go/stock")
        let go = try await ProgramRun.of(
            "go", ["build", "-o", program, "."],
            environment: ["GOPATH": sources, "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": cache, "GOTOOLCHAIN": "local"], in: code,
            seconds: 300)
        guard go.succeeded else { throw BuildFailed(output: go.text) }
        return program
    }

    private static func arguments(_ credentials: MeshTLSCredentials, alpn: String?) -> [String] {
        ["-cert", credentials.certificateChainPath, "-key", credentials.privateKeyPath, "-roots", credentials.trustRootsPath]
            + (alpn.map { ["-alpn", $0] } ?? [])
    }

    /// Runs one case of the stock client.
    static func client(_ name: String, port: Int, _ credentials: MeshTLSCredentials, alpn: String?) async throws -> ProgramRun {
        try await ProgramRun.of(
            program(), ["client"] + arguments(credentials, alpn: alpn) + ["-addr", "127.0.0.1:\(port)", name], seconds: 90)
    }

    /// The stock server while `body` runs.
    static func withServer(
        _ credentials: MeshTLSCredentials, alpn: String?, _ body: @Sendable (_ port: Int, _ server: RunningProgram) async throws -> Void
    ) async throws {
        let program = try await program()
        try await RunningProgram.with(program, ["server"] + arguments(credentials, alpn: alpn)) { server in
            let greeting = await server.line() ?? "nothing"
            guard let port = greeting.split(separator: " ").last.flatMap({ Int($0) }) else { throw BuildFailed(output: greeting) }
            try await body(port, server)
        }
    }
}
