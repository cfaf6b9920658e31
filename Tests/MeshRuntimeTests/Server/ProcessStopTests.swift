import Foundation
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Server processes that are told to stop as an orchestrator tells them.
@Suite(.timeLimit(.minutes(2)))
struct ProcessStopTests {
    /// What `mesh-bench server` serves, as one who may not call it twice.
    private static let echo = MethodDescriptor(
        service: "bench.v1.Echo", name: "Echo", kind: .unary, policy: MethodPolicy(callers: ["*"], defaultDeadline: .seconds(20)))

    private struct Listening: Decodable { let listening: String }

    private static func withServer<Output: Sendable>(
        _ credentials: MeshTLSCredentials, _ body: @Sendable (RunningProgram, MeshEndpoint) async throws -> Output
    ) async throws -> Output {
        let files = [
            "--cert", credentials.certificateChainPath, "--key", credentials.privateKeyPath, "--ca", credentials.trustRootsPath,
        ]
        return try await RunningProgram.with(BuiltProgram.named("mesh-bench").path, ["server", "--addr", "127.0.0.1:0"] + files, seconds: 60) { server in
            let line = try #require(await server.line())
            let address = try JSONDecoder().decode(Listening.self, from: Data(line.utf8)).listening
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            defer { try? server.terminate() }
            return try await body(server, MeshEndpoint(host: "127.0.0.1", port: port))
        }
    }

    @Test("SIGTERM to one of two processes under 64 calls in flight fails no call of a client that knows both")
    func twoProcesses() async throws {
        let authority = try await TestAuthority.make()
        let credentials = try await authority.credentials("execution")
        let tls = try await authority.client()
        let outcome = try await Self.withServer(credentials) { stopping, first in
            try await Self.withServer(credentials) { _, second in
                let client = MeshClient(
                    resolver: FixedResolver([first, second]), tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: LogRecorder().logger)
                let outcome = try await Load.of(64) {
                    _ = try await client.unary(Self.echo, ByteBuffer(), options: CallOptions())
                    return "echo"
                } while: { load in
                    await load.more(2000)
                    try stopping.terminate()
                    // Its output ends with the process.
                    while await stopping.line() != nil {}
                    await load.more(2000)
                }
                await client.close()
                return outcome
            }
        }
        #expect(outcome.succeeded >= 4000)
        #expect(outcome.failed.isEmpty, "\(outcome.failed.count): \(outcome.failed.prefix(3))")
    }
}
