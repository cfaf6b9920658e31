import Foundation
import MeshTLS
import TestSupport
import Testing

/// Server processes under one name, as those of a scaled service are (compose, headless services of Kubernetes), and a client process that knows only the
/// name: the system's own resolver answers it, from a file of hosts that this test may write.
@Suite(.timeLimit(.minutes(2)))
struct NamedFleetTests {
    private struct Listening: Decodable { let listening: String }
    private struct Answering: Decodable { let answering: Bool }
    private struct Result: Decodable { let errors: Int, total: Int }

    private static let name = "fleet.mesh.test"
    /// The client's own view of /etc/hosts, in a namespace of its own, which takes the right to make one.
    private static let inNamespace = ["--mount", "sh", "-c", #"mount --bind "$0" /etc/hosts && exec "$@""#]

    private let folder = FileManager.default.temporaryDirectory.appending(path: "named-fleet-\(UUID().uuidString)")
    private var hosts: URL { folder.appending(path: "hosts") }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// In place: what is mounted is this file.
    private func resolve(_ addresses: [String]) throws {
        let file = try FileHandle(forWritingTo: hosts)
        defer { try? file.close() }
        let lines = addresses.map { "\($0) \(Self.name)\n" }.joined()
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(lines.utf8))
    }

    private static var program: String { get throws { try BuiltProgram.named("mesh-bench").path } }

    private static func arguments(_ role: String, _ address: String, _ files: MeshTLSCredentials) -> [String] {
        [
            role, "--addr", address, "--cert", files.certificateChainPath, "--key", files.privateKeyPath, "--ca", files.trustRootsPath,
        ]
    }

    /// A server at `host`; told to stop when `body` has returned.
    private static func withServer(
        _ host: String, port: String, _ files: MeshTLSCredentials, _ body: @Sendable (RunningProgram, _ port: String) async throws -> Void
    ) async throws {
        try await RunningProgram.with(program, arguments("server", "\(host):\(port)", files) + ["--counts"], seconds: 100) { server in
            let line = try #require(await server.line(), "no server listens at \(host):\(port)")
            let address = try JSONDecoder().decode(Listening.self, from: Data(line.utf8)).listening
            defer { try? server.terminate() }
            try await body(server, String(try #require(address.split(separator: ":").last)))
        }
    }

    private static func answersACall(_ server: RunningProgram) async throws {
        let line = try #require(await server.line())
        #expect(try JSONDecoder().decode(Answering.self, from: Data(line.utf8)).answering)
    }

    private static let mayMakeNamespaces: Bool = {
        let probe = Process()
        probe.executableURL = URL(filePath: "/usr/bin/env")
        probe.arguments = ["unshare", "--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"]
        (probe.standardOutput, probe.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()

    @Test("all addresses of a name are used, one that comes later as soon as another goes, and no call fails", .enabled(if: mayMakeNamespaces))
    func addresses() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try await TestAuthority.make()
        let files = try await authority.credentials("execution")
        let clientFiles = try await authority.credentials("gateway")
        #expect(FileManager.default.createFile(atPath: hosts.path, contents: nil))
        try resolve(["127.0.0.2", "127.0.0.3"])
        try await Self.withServer("127.0.0.2", port: "0", files) { first, port in
            try await Self.withServer("127.0.0.3", port: port, files) { second, _ in
                try await Self.withServer("127.0.0.4", port: port, files) { third, _ in
                    let client = [
                        hosts.path, try Self.program,
                    ] + Self.arguments("client", "\(Self.name):\(port)", clientFiles) + [
                        "--peer", "spiffe://\(TestAuthority.trustDomain)/execution", "--inflight", "16", "--seconds", "8",
                    ]
                    try await RunningProgram.with("unshare", Self.inNamespace + client, seconds: 60) { client in
                        try await Self.answersACall(first)
                        try await Self.answersACall(second)
                        try resolve(["127.0.0.3", "127.0.0.4"])
                        try first.terminate()
                        try await Self.answersACall(third)
                        let line = try #require(await client.line())
                        let result = try JSONDecoder().decode(Result.self, from: Data(line.utf8))
                        #expect(result.errors == 0)
                        #expect(result.total > 0)
                    }
                }
            }
        }
    }
}
