import MeshCall
import MeshRuntime
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct DrainTests {
    /// The calls of one that knows two addresses: what certainly did not run at the first goes to the second.
    private struct TwoAddresses: Sendable {
        let first: MeshClient
        let second: MeshClient

        /// Of connections that could not be made, of connections that take no more calls.
        static let notRun: Set<String?> = ["UNREACHABLE", "CONNECTION_CLOSED"]

        func call() async throws -> String {
            do {
                return try await first.call("Name")
            } catch let error as RPCError where error.code == .unavailable && Self.notRun.contains(error.reason) {
                return try await second.call("Name")
            }
        }
    }

    private static func named(_ name: String) -> MethodImplementation {
        TestMesh.unary("Name") { _, context in
            // Some answer at once, some only after other calls have had their turn.
            for _ in 0..<Int.random(in: 0...3) { await Task.yield() }
            return ByteBuffer(string: name)
        }
    }

    @Test("a server that stops under 64 calls in flight loses none of them, and the rest go elsewhere", arguments: 0..<3)
    func twoAddresses(_ round: Int) async throws {
        let stopping = try await TestMesh.start([Self.named("stopping")])
        let staying = try await TestMesh.start([Self.named("staying")], authority: stopping.authority)
        let clients = TwoAddresses(first: try await stopping.client(), second: try await staying.client())
        let outcome = try await Load.of(64, { try await clients.call() }) { load in
            await load.more(200)
            await stopping.server.shutdown(grace: .seconds(20))
            await load.more(200)
        }
        print("stopped under load: \(outcome.replies), \(outcome.failed.count) failed")
        #expect(outcome.failed.isEmpty, "\(outcome.failed.prefix(3))")
        #expect(outcome.replies.keys.count == 2)
        #expect(stopping.server.connectionCount == 0)
        await staying.stop()
    }

    @Test("a connection whose handshake is under way when the server stops learns that nothing ran, and nothing waits for a half-open one")
    func handshakes() async throws {
        let mesh = try await TestMesh.start()
        let half = try await RawPeer.connect(port: mesh.port, tls: nil)
        let start = ContinuousClock.now
        await mesh.server.shutdown(grace: .seconds(20))
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(try await half.untilClosed().isEmpty)
        #expect(mesh.server.connectionCount == 0)
    }
}
