internal import Logging
internal import MeshCall
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Client, server and caller on one event loop, which is the calling thread: no thread waits for another.
enum UnaryWork {
    static func run(_ count: Int) throws -> Int {
        let outcome = Outcome()
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let client = BenchV1.EchoClient(channel(on: loop))
            Task.immediate(executorPreference: LoopExecutor.of(loop)) {
                do {
                    outcome.set(.success(try await calls(count, client)))
                } catch {
                    outcome.set(.failure(error))
                }
                loop.shutdownGracefully { _ in }
            }
        }
        return try outcome.get()
    }

    private final class Outcome: Sendable {
        private let result = Mutex<Result<Int, any Error>>(.failure(WrongAnswer()))

        func set(_ new: Result<Int, any Error>) { result.withLock { $0 = new } }

        func get() throws -> Int { try result.withLock { $0 }.get() }
    }

    private static func channel(on loop: any EventLoop) -> any CallChannel {
        let server = InProcessServer(services: [.echo(EchoHandler())], authenticator: nil, logger: Logger(label: "mesh-bench"))
        let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/bench", name: "bench")
        return server.channel(as: peer, on: loop)
    }

    private static func calls(_ count: Int, _ client: BenchV1.EchoClient) async throws -> Int {
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
