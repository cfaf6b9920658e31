import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// ttrpc has no frame that gives a call up.
@Suite(.timeLimit(.minutes(1)))
struct BaselineCancelTests {
    private static func start(_ methods: [MethodImplementation]) async throws -> TestMesh {
        let authority = try await TestAuthority.make()
        let tls = try MeshTLSContext.meshServer(
            await authority.credentials("execution"), trustDomain: authority.trustDomain, allowsBaseline: true)
        return try await TestMesh.start([TestMesh.echo] + methods, authority: authority, tls: tls)
    }

    private static func client(of mesh: TestMesh, closes: Bool) async throws -> MeshClient {
        var limits = ClientLimits()
        limits.connection.closesBaselineToCancel = closes
        let tls = try MeshTLSContext.meshClient(
            await mesh.authority.credentials("gateway"), trustDomain: mesh.authority.trustDomain, expecting: "execution", protocol: .baseline)
        return try await mesh.client(tls: tls, limits: limits)
    }

    /// A method that says when it begins and when it was cancelled.
    private static func hang(_ began: Signal, _ cancelled: Signal) -> MethodImplementation {
        TestMesh.unary("Hang") { message, _ in
            began.raise()
            await untilCancelled()
            cancelled.raise()
            return message
        }
    }

    @Test("a client that was told so closes the connection of a call that is given up: its handler stops, other calls are lost, the next ones are made anew")
    func closes() async throws {
        let began = Signal(), cancelled = Signal(), otherBegan = Signal(), otherCancelled = Signal()
        let other = TestMesh.unary("Other") { message, _ in
            otherBegan.raise()
            await untilCancelled()
            otherCancelled.raise()
            return message
        }
        let mesh = try await Self.start([Self.hang(began, cancelled), other])
        let client = try await Self.client(of: mesh, closes: true)
        let bystander = Task { await failure { try await client.call("Other") } }
        await otherBegan.wait()
        let given = Task { await failure { try await client.call("Hang") } }
        await began.wait()
        given.cancel()
        #expect(await given.value?.code == .cancelled)
        await cancelled.wait()
        await otherCancelled.wait()
        #expect(await bystander.value?.reason == RPCError.connectionLostReason)
        #expect(try await client.call("Echo", "next") == "next")
        await client.close()
        await mesh.stop()
    }

    @Test("such a client does not hedge: the attempt that loses would end the calls of others; one that forgets calls does", arguments: [true, false])
    func hedging(_ closes: Bool) async throws {
        let reads = Tally<String>(), late = Signal(), goOn = Signal()
        let policy = TestFleet.readOnly
        let read = MethodImplementation(
            TestMesh.descriptor("Read", .unary, policy),
            .unary { message, context in
                reads.add(context.metadata["x-mesh-attempt"] ?? "first")
                if context.metadata["x-mesh-attempt"] == nil { await goOn.wait() } else { late.raise() }
                return message
            })
        let one = try await Self.start([read])
        let two = try await TestMesh.start([TestMesh.echo, read], authority: one.authority, tls: one.tls)
        var limits = ClientLimits()
        limits.connection.closesBaselineToCancel = closes
        limits.hedgeAfter = .milliseconds(20)
        limits.retry.budgetRatio = 1
        let tls = try MeshTLSContext.meshClient(
            await one.authority.credentials("gateway"), trustDomain: one.authority.trustDomain, expecting: "execution", protocol: .baseline)
        let client = MeshClient(
            resolver: FixedResolver([one.endpoint, two.endpoint]), tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: one.log.logger, limits: limits)
        while one.server.connectionCount == 0 || two.server.connectionCount == 0 { #expect(try await client.call("Echo", "1") == "1") }
        async let answer = client.read("Read", "2")
        if closes {
            // Ten times as long as a hedge waits.
            try await Task.pause(for: .milliseconds(200))
        } else {
            await late.wait()
        }
        goOn.raise()
        #expect(try await answer == "2")
        #expect(reads["first"] == 1)
        #expect(reads["2"] == (closes ? 0 : 1))
        await client.close()
        for mesh in [one, two] { await mesh.stop() }
    }

    @Test("a stream that is let go of is given up too")
    func stream() async throws {
        let method = TestMesh.descriptor("Endless", .serverStreaming)
        let cancelled = Signal()
        let endless = MethodImplementation(
            method,
            .serverStreaming { _, sink, _ in
                try await sink.send(ByteBuffer(string: "first"))
                await untilCancelled()
                cancelled.raise()
            })
        let mesh = try await Self.start([endless])
        let client = try await Self.client(of: mesh, closes: true)
        let first = try await client.serverStreaming(method, ByteBuffer(), options: CallOptions(timeout: .seconds(600))).first { _ in true }
        #expect(first.map { String(buffer: $0) } == "first")
        await cancelled.wait()
        await client.close()
        await mesh.stop()
    }

    @Test("otherwise the call is forgotten, and the connection goes on; so it does when a call's time is over", arguments: [true, false])
    func goesOn(_ closes: Bool) async throws {
        let began = Signal(), cancelled = Signal()
        let mesh = try await Self.start([Self.hang(began, cancelled)])
        let client = try await Self.client(of: mesh, closes: closes)
        #expect(try await client.call("Echo", "first") == "first")
        let options = closes ? CallOptions(timeout: .milliseconds(50)) : CallOptions()
        let given = Task { await failure { try await client.call("Hang", options: options) } }
        if closes {
            #expect(await given.value?.code == .deadlineExceeded)
        } else {
            await began.wait()
            given.cancel()
            #expect(await given.value?.code == .cancelled)
        }
        #expect(try await client.call("Echo", "next") == "next")
        #expect(closes || !cancelled.isRaised)
        #expect(mesh.server.connectionCount == 1)
        await client.close()
        await mesh.stop()
    }
}
