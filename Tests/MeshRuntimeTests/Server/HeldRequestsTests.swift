import MeshCall
import MeshRuntime
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// What handlers that do not return hold of a server's memory.
@Suite(.timeLimit(.minutes(1)))
struct HeldRequestsTests {
    private static let long = String(repeating: "x", count: 256 << 10)

    private static var impatient: ClientLimits {
        var limits = ClientLimits()
        limits.maximumAttempts = 1
        limits.closeTimeout = .milliseconds(50)
        return limits
    }

    /// One method that does not return before `goOn`, and Echo.
    private func start(_ limits: ServerLimits, until goOn: Signal) async throws -> TestMesh {
        let policy = MethodPolicy(callers: ["gateway", "agent"], callersWithoutUser: ["gateway", "agent"], defaultDeadline: .seconds(20))
        let echo = MethodImplementation(TestMesh.descriptor("Echo", .unary, policy), .unary { message, _ in message })
        let stuck = MethodImplementation(
            TestMesh.descriptor("Stuck", .unary, policy),
            .unary { _, _ in
                await goOn.wait()
                return ByteBuffer()
            })
        return try await TestMesh.start([echo, stuck], limits: limits)
    }

    private func hold(_ count: Int, _ client: MeshClient, _ mesh: TestMesh) async throws -> [Task<String, any Error>] {
        let enough = mesh.server.heldRequestBytes + count * Self.long.utf8.count
        let calls = (0..<count).map { _ in Task { try await client.call("Stuck", Self.long) } }
        while mesh.server.heldRequestBytes < enough { await Task.yield() }
        return calls
    }

    @Test("a connection whose handlers are stuck on long requests has its part, and others' calls go on, long ones too")
    func oneConnection() async throws {
        var limits = ServerLimits.unguarded
        limits.connection.maximumRequestBytes = 4 * Self.long.utf8.count
        let goOn = Signal()
        let mesh = try await start(limits, until: goOn)
        let greedy = try await mesh.client(limits: Self.impatient), other = try await mesh.client(limits: Self.impatient)
        let calls = try await hold(4, greedy, mesh)
        for _ in 0..<100 {
            let refusal = await failure { try await greedy.call("Stuck", Self.long) }
            #expect(refusal?.code == .resourceExhausted)
            #expect(refusal?.reason == RPCError.overloadedReason)
            #expect(refusal?.retryAfter != nil)
        }
        #expect(mesh.server.heldRequestBytes == limits.connection.maximumRequestBytes)
        #expect(try await greedy.call("Echo", "short") == "short")
        #expect(try await other.call("Echo", Self.long) == Self.long)
        goOn.raise()
        for call in calls { #expect(try await call.value == "") }
        #expect(try await greedy.call("Echo", Self.long) == Self.long)
        await mesh.stop()
        #expect(mesh.server.heldRequestBytes == 0)
    }

    @Test("all connections together have a bound too, those of one name a half of it, and short requests are served when it is reached")
    func allConnections() async throws {
        var limits = ServerLimits.unguarded
        limits.connection.maximumRequestBytes = 4 * Self.long.utf8.count
        limits.maximumRequestBytes = 10 * Self.long.utf8.count
        let goOn = Signal()
        let mesh = try await start(limits, until: goOn)
        var calls: [Task<String, any Error>] = [], clients: [MeshClient] = []
        for (name, count) in [("gateway", 4), ("gateway", 1), ("agent", 4), ("agent", 1)] {
            let client = try await mesh.client(name, limits: Self.impatient)
            clients.append(client)
            calls += try await hold(count, client, mesh)
            let isFull = count == 1
            guard name == "gateway", isFull else { continue }
            #expect(await failure { try await client.call("Echo", Self.long) }?.reason == RPCError.overloadedReason)
        }
        for client in clients + [try await mesh.client(limits: Self.impatient)] {
            #expect(await failure { try await client.call("Echo", Self.long) }?.reason == RPCError.overloadedReason)
            #expect(try await client.call("Echo", "short") == "short")
        }
        #expect(mesh.server.heldRequestBytes == limits.maximumRequestBytes)
        // Whose connection is gone holds its part until its handlers return.
        await clients[0].close()
        goOn.raise()
        for call in calls { _ = await call.result }
        while mesh.server.heldRequestBytes > 0 { await Task.yield() }
        #expect(try await clients[2].call("Echo", Self.long) == Self.long)
        await mesh.stop()
    }
}
