import Logging
import MeshCall
import MeshMessages
import MeshRuntime
import NIOCore
import NIOPosix
import Testing

/// An actor on an event loop's thread.
private actor Reader {
    private let loop: any EventLoop
    nonisolated let unownedExecutor: UnownedSerialExecutor

    init(_ loop: any EventLoop) {
        self.loop = loop
        unownedExecutor = loop.executor.asUnownedSerialExecutor()
    }

    /// How many messages it read before `enough` says so, and how many of them it got on its own thread.
    func read(_ states: MessageStream<MeshV1.HealthCheckResponse>, _ enough: @Sendable (Int) -> Bool) async throws -> (all: Int, here: Int) {
        var (all, here) = (0, 0)
        for try await _ in states {
            all += 1
            if loop.inEventLoop { here += 1 }
            if enough(all) { break }
        }
        return (all, loop.inEventLoop ? here : -1)
    }

    /// As ``read(_:_:)``, by the iterator's own function.
    func readByHand(_ states: MessageStream<MeshV1.HealthCheckResponse>, _ enough: @Sendable (Int) -> Bool) async throws -> (all: Int, here: Int) {
        var (all, here) = (0, 0)
        var iterator = states.makeAsyncIterator()
        while try await iterator.next() != nil {
            all += 1
            if loop.inEventLoop { here += 1 }
            if enough(all) { break }
        }
        return (all, loop.inEventLoop ? here : -1)
    }
}

struct StreamIsolationTests {
    @Test("who reads a stream stays with its actor, also where it has to wait", .timeLimit(.minutes(1)), arguments: [false, true])
    func actor(byHand: Bool) async throws {
        let health = HealthService(services: ["test.v1.Test"])
        let server = InProcessServer(services: [.health(health)], authenticator: nil, logger: Logger(label: "test"))
        let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/operator", name: "operator")
        let client = MeshV1.HealthClient(server.channel(as: peer))
        let states = try await client.watch(MeshV1.HealthCheckRequest(service: "test.v1.Test"), options: CallOptions(timeout: .seconds(30)))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let reader = Reader(group.next())
        let enough: @Sendable (Int) -> Bool = { count in
            health.set("test.v1.Test", count.isMultiple(of: 2) ? nil : "no database")
            return count == 6
        }
        let read = byHand ? try await reader.readByHand(states, enough) : try await reader.read(states, enough)
        #expect(read == (6, 6))
        try await group.shutdownGracefully()
    }
}
