import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

struct ConnectionTests {
    @Test("calls go over TLS and the handler sees who calls, as the certificate says")
    func calls() async throws {
        let mesh = try await TestMesh.start([
            TestMesh.echo, TestMesh.unary("Who") { _, context in ByteBuffer(string: "\(context.peer.name) \(context.peer.spiffeID)") },
        ])
        let client = try await mesh.client()
        #expect(try await client.call("Echo", "hello") == "hello")
        #expect(try await client.call("Who") == "gateway spiffe://test.cryptopulse.internal/gateway")
        await client.close()
        await mesh.stop()
    }

    @Test("a stream of messages arrives in order over TLS")
    func stream() async throws {
        let method = TestMesh.descriptor("Count", .serverStreaming)
        let mesh = try await TestMesh.start([
            MethodImplementation(
                method,
                .serverStreaming { _, sink, _ in
                    for number in 0..<2000 { try await sink.send(ByteBuffer(integer: number)) }
                })
        ])
        var expected = 0
        for try await message in try await mesh.client().serverStreaming(method, ByteBuffer(), options: CallOptions()) {
            #expect(message == ByteBuffer(integer: expected))
            expected += 1
        }
        #expect(expected == 2000)
        await mesh.stop()
    }

    @Test("many calls at once share one connection")
    func oneConnection() async throws {
        let mesh = try await TestMesh.start()
        let client = try await mesh.client()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let reply = try await client.call("Echo", "\(number)")
                    #expect(reply == "\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(mesh.server.connectionCount == 1)
        await mesh.stop()
    }

    @Test("a server with another name than expected is not called")
    func wrongServer() async throws {
        let mesh = try await TestMesh.start()
        let error = await failure { try await mesh.client(tls: mesh.authority.client(expecting: "audit")).call("Echo") }
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "PEER_REFUSED")
        await mesh.stop()
    }

    @Test("a client of another trust domain is refused, and its calls say so")
    func wrongClient() async throws {
        let mesh = try await TestMesh.start()
        let stranger = try await TestAuthority.make(trustDomain: "staging.cryptopulse.internal")
        let error = await failure { try await mesh.client(tls: stranger.client()).call("Echo") }
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "PEER_REFUSED")
        await mesh.stop()
    }

    @Test("a caller that the policy does not name is denied")
    func policy() async throws {
        let mesh = try await TestMesh.start()
        let error = await failure { try await mesh.client("agent").call("Echo") }
        #expect(error?.code == .permissionDenied)
        #expect(mesh.log.lines.contains { $0.contains("call refused") && $0.contains("peer=agent") })
        await mesh.stop()
    }

    @Test("nobody listening is UNAVAILABLE at once, and during the back-off too")
    func nobodyThere() async throws {
        let mesh = try await TestMesh.start()
        await mesh.stop()
        let client = try await mesh.client()
        for _ in 0..<3 {
            let error = await failure { try await client.call("Echo") }
            #expect(error?.code == .unavailable)
            #expect(error?.reason == "UNREACHABLE")
        }
    }

    @Test("a client connects again to a server that came back")
    func reconnect() async throws {
        let first = try await TestMesh.start()
        var limits = ClientLimits()
        limits.maximumBackoff = .milliseconds(20)
        let client = try await first.client(limits: limits)
        #expect(try await client.call("Echo", "1") == "1")
        await first.stop()
        let second = try await TestMesh.start(authority: first.authority, port: first.port)
        var reply: String?
        let patience = ContinuousClock.now + .seconds(10)
        while reply == nil, .now < patience { reply = try? await client.call("Echo", "2") }
        #expect(reply == "2")
        await second.stop()
    }

    @Test("calls in flight on a connection that breaks are UNAVAILABLE and not run twice")
    func lostConnection() async throws {
        let entered = Signal()
        let runs = Mutex(0)
        let mesh = try await TestMesh.start([
            TestMesh.unary("Hang") { _, _ in
                runs.withLock { $0 += 1 }
                entered.raise()
                await untilCancelled()
                return ByteBuffer()
            }
        ])
        let client = try await mesh.client()
        async let failed = failure { try await client.call("Hang") }
        await entered.wait()
        await mesh.stop()
        #expect(await failed?.code == .unavailable)
        #expect(runs.withLock { $0 } == 1)
    }

    @Test("draining lets the call in flight finish, then closes")
    func drain() async throws {
        let entered = Signal(), finish = Signal()
        let mesh = try await TestMesh.start([
            TestMesh.unary("Wait") { _, _ in
                entered.raise()
                await finish.wait()
                return ByteBuffer(string: "done")
            }
        ])
        let client = try await mesh.client()
        async let reply = client.call("Wait")
        await entered.wait()
        async let stopped: Void = mesh.server.shutdown(grace: .seconds(30))
        while await failure({ try await client.call("Wait", options: CallOptions(timeout: .milliseconds(300))) })?.code != .unavailable {}
        finish.raise()
        #expect(try await reply == "done")
        await stopped
        #expect(mesh.server.connectionCount == 0)
    }

    @Test("connections beyond the limit are closed")
    func connectionLimit() async throws {
        var limits = ServerLimits.unguarded
        limits.maximumConnections = 1
        let mesh = try await TestMesh.start(limits: limits)
        let first = try await mesh.client()
        #expect(try await first.call("Echo", "1") == "1")
        let error = await failure { try await mesh.client().call("Echo", "2") }
        #expect(error?.code == .unavailable)
        #expect(try await first.call("Echo", "3") == "3")
        await mesh.stop()
    }

    @Test("a closed client fails its calls and says why")
    func closedClient() async throws {
        let mesh = try await TestMesh.start()
        let client = try await mesh.client()
        #expect(try await client.call("Echo", "1") == "1")
        await client.close()
        let error = await failure { try await client.call("Echo") }
        #expect(error?.reason == "CLIENT_CLOSED")
        await mesh.stop()
    }
}
