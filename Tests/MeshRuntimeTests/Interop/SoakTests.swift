import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// gRPC's rpc_soak and channel_soak: ten thousand calls, each of which must do what a call does, in a bounded time.
@Suite("Soak", .timeLimit(.minutes(5)), .serialized)
struct SoakTests {
    private static let calls = 10_000
    private static let callers = 8
    /// One in so many has the sizes that gRPC's soak has for each, by default; the others have up to 4000 bytes.
    private static let largeOnes = 40
    private static let largeRequest: Int32 = 271_828, largeResponse: Int32 = 314_159

    private static func call(_ client: MeshClient, _ number: Int) async throws {
        let small = Int32(number % 4000), isLarge = number.isMultiple(of: largeOnes)
        let (request, answer) = isLarge ? (largeRequest, largeResponse) : (small, small + 1)
        let options = CallOptions(timeout: .seconds(10))
        let response = try await InteropV1.TestClient(client).unaryCall(.init(responseSize: answer, payload: .zeros(request)), options: options)
        #expect(response.payload?.body.count == Int(answer))
    }

    /// Shares the calls among a few callers.
    private static func run(_ body: @escaping @Sendable (_ number: Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in stride(from: caller, to: calls, by: callers) { try await body(number) }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("10,000 calls over one connection", arguments: [MeshProtocol.mesh, .baseline])
    func oneConnection(_ protocol: MeshProtocol) async throws {
        let mesh = try await InteropMesh.start(allowsBaseline: true)
        let client = try await mesh.client(`protocol`)
        try await Self.run { number in try await Self.call(client, number) }
        #expect(mesh.server.connectionCount == 1)
        await client.close()
        await mesh.stop()
    }

    @Test("10,000 calls over a new connection each", arguments: [MeshProtocol.mesh, .baseline])
    func newConnections(_ protocol: MeshProtocol) async throws {
        let mesh = try await InteropMesh.start(allowsBaseline: true)
        let tls = try await mesh.authority.client(protocol: `protocol`)
        let (port, logger) = (mesh.port, mesh.log.logger)
        try await Self.run { number in
            let client = MeshClient(
                host: "127.0.0.1", port: port, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
            try await Self.call(client, number)
            await client.close()
        }
        await mesh.stop()
        #expect(mesh.server.connectionCount == 0)
        #expect(mesh.log.lines.filter { $0.hasPrefix("error") } == [])
    }
}
