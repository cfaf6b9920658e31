import Foundation
import MeshTLS
import NIOCore
import Testing

@Suite("Revoked certificates", .timeLimit(.minutes(1)))
struct RevocationTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("A revoked serial or name is refused in the handshake, by a listener and by a client, and both ends say why")
    func refused() async throws {
        let server = try authority.server(), client = try authority.client()
        let listener = try await Listener.start(server)
        let (first, second) = try await listener.pair(client)
        let clientSerial = try #require(try await first.handshake().peerSerial)
        let serverName = try #require(try await second.handshake().peer)

        server.revoke(serials: [clientSerial])
        let (refusing, refused) = try await listener.pair(client)
        #expect(await refusing.remaining().error == .peerRefused(.revokedCertificate(clientSerial)))
        let told = await refused.remaining().error
        #expect(told == .refusedByPeer(alert: "certificate revoked"))
        #expect(told?.isAuthenticationFailure == true)

        client.revoke(identities: [serverName])
        let dialled = try await listener.connect(client)
        #expect(await dialled.remaining().error == .peerRefused(.revokedIdentity(serverName)))
        // Another certificate of the client's name is welcome: only one was revoked.
        let other = try await listener.connect(authority.client())
        _ = try await other.handshake()
    }

    @Test("An open connection whose peer becomes revoked is closed, and no other", arguments: [true, false])
    func live(atServer: Bool) async throws {
        let server = try authority.server(), client = try authority.client()
        let listener = try await Listener.start(server)
        let (serverEnd, clientEnd) = try await listener.pair(client)
        let (otherServer, otherClient) = try await listener.pair(authority.client(.named("audit")))
        let (atServerEnd, atClientEnd) = (try await serverEnd.handshake(), try await clientEnd.handshake())
        _ = try await otherClient.handshake()
        let list = RevocationList(
            version: 1, serials: [try #require(atServer ? atServerEnd.peerSerial : atClientEnd.peerSerial)])
        #expect((atServer ? server : client).replaceRevocations(with: list))
        let closed = await (atServer ? serverEnd : clientEnd).remaining()
        guard case .peerRefused(.revokedCertificate)? = closed.error else {
            Issue.record("\(closed)")
            return
        }
        try await otherServer.send("still here")
        #expect(try await otherClient.bytes(10) == Array("still here".utf8))
    }

    @Test("A list does not take the place of a newer one, and revocations outlive a reload of the files")
    func versions() async throws {
        let server = try authority.server()
        let agent = try SPIFFEIdentity(uri: "spiffe://\(TestAuthority.trustDomain)/agent")
        #expect(server.replaceRevocations(with: RevocationList(version: 2, identities: [agent])))
        #expect(!server.replaceRevocations(with: RevocationList(version: 2)))
        #expect(!server.replaceRevocations(with: RevocationList(version: 1)))
        #expect(server.revocations.identities == [agent])
        try server.reload()
        let listener = try await Listener.start(server)
        let (refusing, _) = try await listener.pair(authority.client(.named("agent")))
        #expect(await refusing.remaining().error == .peerRefused(.revokedIdentity(agent)))
        #expect(server.replaceRevocations(with: RevocationList(version: 3)))
        let client = try await listener.connect(authority.client(.named("agent")))
        _ = try await client.handshake()
    }

    @Test("A peer that is revoked while its handshake runs does not get in")
    func duringHandshake() throws {
        let server = try authority.server(), client = try authority.client()
        let pair = try EmbeddedPair(server: server, client: client)
        // The ClientHello and the server's answer are exchanged, the client's certificate is not.
        try pair.run(by: 100_000, once: true)
        server.revoke(identities: [try SPIFFEIdentity(uri: "spiffe://\(TestAuthority.trustDomain)/agent")])
        #expect(throws: MeshTLSError.self) { try pair.run(by: 100_000) }
    }
}

@Suite("Serial numbers")
struct CertificateSerialTests {
    @Test("Tools' ways to write a number all mean the same one")
    func hex() {
        #expect(CertificateSerial(hex: "0A:FF")?.hex == "0aff")
        #expect(CertificateSerial(hex: "aff") == CertificateSerial(bytes: [0, 0x0a, 0xff]))
        #expect(CertificateSerial(hex: "00") == CertificateSerial(bytes: []))
        #expect(CertificateSerial(hex: String(repeating: "ff", count: 20))?.bytes.count == 20)
    }

    @Test("Anything else is no serial number", arguments: ["", ":", "xy", "0x1", "-1", "１", String(repeating: "f", count: 41)])
    func bad(text: String) {
        #expect(CertificateSerial(hex: text) == nil)
    }
}
