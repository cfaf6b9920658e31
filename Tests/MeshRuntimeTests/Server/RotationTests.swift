import Foundation
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RotationTests {
    /// Puts other files in the place of those that a context reads, each in one step.
    private static func replace(_ files: MeshTLSCredentials, by renewed: MeshTLSCredentials) {
        for (from, to) in [
            (renewed.certificateChainPath, files.certificateChainPath), (renewed.privateKeyPath, files.privateKeyPath),
        ] {
            #expect(rename(from, to) == 0)
        }
    }

    @Test("both sides' certificates are renewed under load, old connections leave by age, and no call fails")
    func underLoad() async throws {
        let authority = try await TestAuthority.make()
        var limits = ServerLimits.unguarded
        limits.certificateRefresh = .milliseconds(50)
        // Above what a client takes for a connection that is closed too young, `PoolLimits.stableAge`: its limits are the usual ones but for one.
        limits.maximumConnectionAge = .milliseconds(1500)
        let files = try await authority.credentials("execution")
        let tls = try MeshTLSContext.meshServer(files, trustDomain: TestAuthority.trustDomain)
        let mesh = try await TestMesh.start(authority: authority, tls: tls, limits: limits)
        let clientFiles = try await authority.credentials("gateway")
        let clientTLS = try MeshTLSContext.meshClient(clientFiles, trustDomain: TestAuthority.trustDomain, expecting: "execution")
        var clientLimits = ClientLimits()
        clientLimits.certificateRefresh = .milliseconds(50)
        let client = try await mesh.client(tls: clientTLS, limits: clientLimits)
        let before = (tls.certificateEnds, clientTLS.certificateEnds)
        let (oldServer, oldClient) = (try await authority.serial(of: files), try await authority.serial(of: clientFiles))

        let outcome = try await Load.of(64, { try await client.call("Echo", "hello") }) { load in
            await load.more(100)
            Self.replace(files, by: try await authority.credentials("execution", endsIn: 3600))
            Self.replace(clientFiles, by: try await authority.credentials("gateway", endsIn: 3600))
            while tls.certificateEnds == before.0 || clientTLS.certificateEnds == before.1 { await load.more(10) }
            // Every connection that began with the old certificates has left by then.
            let afterAges = ContinuousClock.now + limits.maximumConnectionAge * 3
            while .now < afterAges { await load.more(10) }
            // Had one stayed, this would break it.
            clientTLS.revoke(serials: [oldServer])
            tls.revoke(serials: [oldClient])
            await load.more(200)
        }
        print("rotation under load: \(outcome.succeeded) calls, \(outcome.failed.count) failed")
        #expect(outcome.failed.isEmpty, "\(outcome.failed.prefix(5))")
        #expect(mesh.log.lines.contains { $0.contains("certificates read again") })
        await client.close()
        await mesh.stop()
    }

    @Test("a server that nobody connects to reads renewed files too")
    func quietServer() async throws {
        var limits = ServerLimits.unguarded
        limits.certificateRefresh = .milliseconds(50)
        let authority = try await TestAuthority.make()
        let files = try await authority.credentials("execution")
        let tls = try MeshTLSContext.meshServer(files, trustDomain: TestAuthority.trustDomain)
        let mesh = try await TestMesh.start(authority: authority, tls: tls, limits: limits)
        let before = tls.certificateEnds
        Self.replace(files, by: try await authority.credentials("execution", endsIn: 3600))
        let patience = ContinuousClock.now + .seconds(10)
        while tls.certificateEnds == before, .now < patience { await Task.yield() }
        #expect(tls.certificateEnds != before)
        await mesh.stop()
    }
}
