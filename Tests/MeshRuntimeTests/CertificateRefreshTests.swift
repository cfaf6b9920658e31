import Foundation
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import TestSupport
import Testing

struct CertificateRefreshTests {
    @Test("renewed certificate files are used by later connections without a restart, and open connections stay")
    func renewed() async throws {
        var limits = ServerLimits.unguarded
        limits.certificateRefresh = .zero
        let who = TestMesh.unary("Who") { _, context in ByteBuffer(string: context.peer.name) }
        let mesh = try await TestMesh.start([who], limits: limits)
        var clientLimits = ClientLimits()
        clientLimits.certificateRefresh = .zero
        clientLimits.maximumBackoff = .milliseconds(10)

        let files = try await mesh.authority.credentials("agent")
        let tls = try MeshTLSContext.meshClient(files, trustDomain: TestAuthority.trustDomain, expecting: "execution")
        let first = try await mesh.client(tls: tls, limits: clientLimits)
        let denied = await failure { try await first.call("Who") }
        #expect(denied?.code == .permissionDenied)

        let renewed = try await mesh.authority.credentials("gateway")
        for (from, to) in [
            (renewed.certificateChainPath, files.certificateChainPath), (renewed.privateKeyPath, files.privateKeyPath),
        ] {
            #expect(rename(from, to) == 0)
        }
        var name: String?
        let patience = ContinuousClock.now + .seconds(10)
        while name == nil, .now < patience { name = try? await mesh.client(tls: tls, limits: clientLimits).call("Who") }
        #expect(name == "gateway")
        let stillDenied = await failure { try await first.call("Who") }
        #expect(stillDenied?.code == .permissionDenied)
        await mesh.stop()
    }
}
