internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore

/// Unary echoes, each waiting for the one before.
enum UnaryWork {
    static func run(_ count: Int) throws -> Int {
        try LoopWork.run { loop in
            try await calls(count, BenchV1.EchoClient(channel(on: loop)))
        }
    }

    private static func channel(on loop: any EventLoop) -> any CallChannel {
        let server = InProcessServer(services: [.echo(EchoHandler())], authenticator: nil, logger: Logger(label: "mesh-bench"))
        let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/bench", name: "bench")
        return server.channel(as: peer, on: loop)
    }

    static func calls(_ count: Int, _ client: BenchV1.EchoClient) async throws -> Int {
        let request = BenchMessages.request
        var bytes = 0
        for _ in 0..<count {
            let reply = try await client.echo(request)
            guard reply.payload == request.payload else { throw WrongAnswer() }
            bytes &+= reply.name.utf8.count
        }
        return bytes
    }
}
