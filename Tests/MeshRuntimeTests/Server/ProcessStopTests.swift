import Foundation
import MeshCall
import MeshMessages
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
    private static func method(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
        MethodDescriptor(service: "bench.v1.Echo", name: name, kind: kind, policy: MethodPolicy(callers: ["*"], defaultDeadline: .seconds(20)))
    }

    private static let echo = method("Echo", .unary)
    private static let stream = method("Stream", .serverStreaming)
    /// Asks for so many messages; a `StreamRequest` in bytes: fields 1 and 2.
    private static let streamed = 100
    private static let streamRequest = ByteBuffer(bytes: [0x08, UInt8(streamed), 0x10, 0x40])

    private struct Listening: Decodable { let listening: String }
    private struct Answering: Decodable { let answering: Bool }
    private struct Answered: Decodable { let answered: Int }

    /// What one caller does, over and over.
    enum Calls: Sendable {
        case echo(bytes: Int)
        case stream

        func make(_ client: MeshClient) async throws -> String {
            switch self {
            case .echo(let bytes):
                let message = try ProcessStopTests.message(bytes)
                let reply = try await client.unary(ProcessStopTests.echo, message, options: CallOptions())
                return reply.message == message ? "whole" : "something else"
            case .stream:
                var count = 0
                let request = ProcessStopTests.streamRequest
                for try await _ in try await client.serverStreaming(ProcessStopTests.stream, request, options: CallOptions()) { count += 1 }
                return count == ProcessStopTests.streamed ? "whole" : "\(count) messages"
            }
        }
    }

    /// What `EchoRequest` and `EchoResponse` are with so many bytes of payload.
    private static func message(_ payload: Int) throws -> ByteBuffer {
        ByteBuffer(bytes: try InteropV1.Payload(body: [UInt8](repeating: 7, count: payload)).packed())
    }

    private static func withServer<Output: Sendable>(
        _ credentials: MeshTLSCredentials, _ body: @Sendable (RunningProgram, MeshEndpoint) async throws -> Output
    ) async throws -> Output {
        let arguments = [
            "server", "--addr", "127.0.0.1:0", "--counts", "--cert", credentials.certificateChainPath, "--key", credentials.privateKeyPath,
            "--ca", credentials.trustRootsPath,
        ]
        return try await RunningProgram.with(BuiltProgram.named("mesh-bench").path, arguments, seconds: 60) { server in
            let line = try #require(await server.line())
            let address = try JSONDecoder().decode(Listening.self, from: Data(line.utf8)).listening
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            defer { try? server.terminate() }
            return try await body(server, MeshEndpoint(host: "127.0.0.1", port: port))
        }
    }

    @Test(
        "SIGTERM to one of two processes under calls in flight fails no call of a client that knows both, however long the calls are",
        arguments: [(64, Calls.echo(bytes: 0), 2000), (24, .echo(bytes: 256 << 10), 300), (64, .stream, 500)])
    func twoProcesses(_ callers: Int, _ kind: Calls, _ calls: Int) async throws {
        let authority = try await TestAuthority.make()
        let credentials = try await authority.credentials("execution")
        let tls = try await authority.client()
        let (outcome, answered) = try await Self.withServer(credentials) { stopping, first in
            try await Self.withServer(credentials) { _, second in
                let client = MeshClient(
                    resolver: FixedResolver([first, second]), tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: LogRecorder().logger)
                var last: String?
                let outcome = try await Load.of(callers) {
                    try await kind.make(client)
                } while: { load in
                    // The client may have reached the other one long before this one.
                    let line = try #require(await stopping.line())
                    #expect(try JSONDecoder().decode(Answering.self, from: Data(line.utf8)).answering)
                    await load.more(calls)
                    try stopping.terminate()
                    // Its output ends with the process.
                    while let line = await stopping.line() { last = line }
                    await load.more(calls)
                }
                await client.close()
                return (outcome, try last.map { try JSONDecoder().decode(Answered.self, from: Data($0.utf8)).answered })
            }
        }
        #expect(outcome.succeeded >= 2 * calls)
        #expect(outcome.replies.keys.sorted() == ["whole"])
        #expect(outcome.failed.isEmpty, "\(outcome.failed.count): \(outcome.failed.prefix(3))")
        // It was not the other one that did all the work.
        print("the one that stopped had answered \(answered ?? -1) of \(outcome.succeeded)")
        #expect(try #require(answered) >= callers)
    }
}
