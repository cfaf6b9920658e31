internal import Logging
internal import MeshCall
internal import MeshRuntime
public import MeshTLS
internal import NIOCore

/// Work over a socket and mutual TLS, on one connection, by a client and a server on one thread.
public enum SecuredWork: String, CaseIterable, Sendable {
    /// Unary echoes, 16 in flight.
    case secured
    /// Messages of one server-streaming call.
    case streamed

    private static let inFlight = 16

    /// Does `count` calls and fewer than 16 more, or takes `count` messages.
    ///
    /// - Parameters: certificates of the server, whose name is `bench-server`, and of the client, by the same authority.
    /// - Returns: something that depends on all of it.
    /// - Throws: when there is no connection, or an answer is not what was asked for.
    public func run(count: Int, server: MeshTLSCredentials, client: MeshTLSCredentials) throws -> Int {
        let domain = try server.identity().trustDomain
        let serverTLS = try MeshTLSContext.meshServer(server, trustDomain: domain)
        let clientTLS = try MeshTLSContext.meshClient(client, trustDomain: domain, expecting: try server.identity().name)
        return try LoopWork.run { loop in
            let logger = Logger(label: "mesh-bench")
            let meshServer = MeshServer(services: [.echo(EchoHandler())], authenticator: nil, tls: serverTLS, eventLoopGroup: loop, logger: logger)
            let port = try await meshServer.start(host: "127.0.0.1", port: 0)
            let meshClient = MeshClient(host: "127.0.0.1", port: port, tls: clientTLS, eventLoopGroup: loop, logger: logger)
            let bytes = try await run(count, BenchV1.EchoClient(meshClient), LoopExecutor.of(loop))
            await meshClient.close()
            await meshServer.shutdown(grace: .seconds(1))
            return bytes
        }
    }

    private func run(_ count: Int, _ client: BenchV1.EchoClient, _ executor: LoopExecutor) async throws -> Int {
        switch self {
        case .secured: try await Self.calls(count, client, executor)
        case .streamed: try await Task(executorPreference: executor) { try await Self.messages(count, client) }.value
        }
    }

    private static func messages(_ count: Int, _ client: BenchV1.EchoClient) async throws -> Int {
        guard let count = UInt32(exactly: count), count > 0 else { return 0 }
        var bytes = 0
        var messages = try await client.stream(.init(count: count, size: BenchMessages.streamedPayload)).makeAsyncIterator()
        while let message = try await messages.next() { bytes &+= message.payload.count }
        return bytes
    }

    private static func calls(_ count: Int, _ client: BenchV1.EchoClient, _ executor: LoopExecutor) async throws -> Int {
        // The handshake, before there are many at once.
        var bytes = try await UnaryWork.calls(1, client)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<inFlight {
                group.addTask(executorPreference: executor) { try await UnaryWork.calls(count / inFlight, client) }
            }
            for try await one in group { bytes &+= one }
        }
        return bytes
    }
}
