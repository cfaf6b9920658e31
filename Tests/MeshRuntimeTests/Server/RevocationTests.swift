import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RevocationTests {
    /// What a revocation may take.
    private static let limit = Duration.seconds(1)

    private static func hang(_ entered: Signal) -> MethodImplementation {
        TestMesh.unary("Hang") { _, _ in
            entered.raise()
            await untilCancelled()
            return ByteBuffer()
        }
    }

    @Test("a server closes the connections of a revoked name within a second and lets it in no more; others go on")
    func atServer() async throws {
        let entered = Signal()
        let mesh = try await TestMesh.start([TestMesh.echo, Self.hang(entered)])
        let revoked = try await mesh.client(), other = try await mesh.client("agent")
        async let hanging = failure { try await revoked.call("Hang") }
        await entered.wait()
        // Refused by policy, but over a connection that stands.
        #expect(await failure { try await other.call("Echo") }?.code == .permissionDenied)

        let start = ContinuousClock.now
        mesh.tls.revoke(identities: [try SPIFFEIdentity(uri: "spiffe://\(TestAuthority.trustDomain)/gateway")])
        #expect(await hanging?.code == .unavailable)
        let live = ContinuousClock.now - start
        let refused = await failure { try await revoked.call("Echo") }
        let again = ContinuousClock.now - start
        print("revoked at the server: live connection closed after \(live), next one refused after \(again)")
        #expect(live < Self.limit)
        #expect(again < Self.limit)
        #expect(refused?.reason == "PEER_REFUSED")
        #expect(mesh.log.lines.contains { $0.contains("gateway is revoked") && $0.contains("peer=gateway") }, "\(mesh.log.lines)")
        #expect(await failure { try await other.call("Echo") }?.code == .permissionDenied)
        // The refused connection lingers until its peer has read why.
        while mesh.server.connectionCount > 1 { await Task.yield() }
        #expect(mesh.server.connectionCount == 1)
        await mesh.stop()
    }

    @Test("a client closes its connection to a server whose certificate is revoked within a second and makes no other")
    func atClient() async throws {
        let entered = Signal()
        let authority = try await TestAuthority.make()
        let files = try await authority.credentials("execution")
        let tls = try MeshTLSContext.meshServer(files, trustDomain: TestAuthority.trustDomain)
        let mesh = try await TestMesh.start([TestMesh.echo, Self.hang(entered)], authority: authority, tls: tls)
        let clientTLS = try await authority.client()
        let client = try await mesh.client(tls: clientTLS)
        async let hanging = failure { try await client.call("Hang") }
        await entered.wait()

        let list = RevocationList(version: 1, serials: [try await authority.serial(of: files)])
        let listed = ContinuousClock.now
        #expect(clientTLS.replaceRevocations(with: list))
        #expect(await hanging?.code == .unavailable)
        let live = ContinuousClock.now - listed
        let refused = await failure { try await client.call("Echo") }
        print("revoked at the client: live connection closed after \(live), next one refused after \(ContinuousClock.now - listed)")
        #expect(live < Self.limit)
        #expect(ContinuousClock.now - listed < Self.limit)
        #expect(refused?.reason == "PEER_REFUSED")
        await mesh.stop()
    }
}
