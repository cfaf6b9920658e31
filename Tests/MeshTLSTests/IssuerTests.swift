import MeshTLS
import Testing

@Suite("Certificates by an issuer under the root", .timeLimit(.minutes(1)))
struct IssuerTests {
    private static let domain = TestAuthority.trustDomain
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func client(_ leaf: TestAuthority.Leaf = .named("agent"), by issuer: TestAuthority.Issuer) throws -> MeshTLSContext {
        try .meshClient(authority.credentials(leaf, by: issuer), trustDomain: Self.domain)
    }

    @Test("A leaf is taken with its issuer beside it")
    func taken() async throws {
        let issuer = try authority.issuer(nameConstraints: "permitted;URI:\(Self.domain)")
        let listener = try await Listener.start(authority.server())
        let (server, _) = try await listener.pair(client(by: issuer))
        #expect(try await server.handshake().peer?.name == "agent")
    }

    @Test("An issuer cannot make a name outside of its constraints")
    func constraints() async throws {
        let issuer = try authority.issuer(nameConstraints: "permitted;URI:other.cryptopulse.internal")
        let listener = try await Listener.start(authority.server())
        let (server, _) = try await listener.pair(client(by: issuer))
        #expect(await server.remaining().error == .peerRefused(.invalidChain("permitted subtree violation")))
    }

    @Test("The issuer itself is nobody: a certificate that signs never authenticates")
    func issuerIsNobody() async throws {
        var leaf = TestAuthority.Leaf(uris: ["spiffe://\(Self.domain)/agent"], keyUsage: "critical,keyCertSign", extendedKeyUsage: nil)
        leaf.isAuthority = true
        let listener = try await Listener.start(authority.server())
        let (server, _) = try await listener.pair(authority.client(leaf))
        guard case .peerRefused? = await server.remaining().error else {
            Issue.record("taken")
            return
        }
    }

    @Test("With its issuer every certificate that it signed is revoked: new connections are refused, live ones close; others go on")
    func revokedIssuer() async throws {
        let (old, new) = (try authority.issuer(), try authority.issuer())
        let context = try authority.server()
        let listener = try await Listener.start(context)
        let (live, liveClient) = try await listener.pair(client(by: old))
        let (other, otherClient) = try await listener.pair(client(.named("audit"), by: new))
        for end in [live, other, liveClient, otherClient] { _ = try await end.handshake() }
        #expect(context.replaceRevocations(with: RevocationList(version: 1, serials: [old.serial])))
        #expect(await live.remaining().error == .peerRefused(.revokedIssuer(old.serial)))
        let (refusing, _) = try await listener.pair(client(by: old))
        #expect(await refusing.remaining().error == .peerRefused(.revokedIssuer(old.serial)))
        try await other.send("still here")
        #expect(try await otherClient.bytes(10) == Array("still here".utf8))
    }

    @Test("A stranger's certificate that names another environment is refused with both names")
    func otherEnvironment() async throws {
        let stranger = try TestAuthority()
        let credentials = try stranger.credentials(.init(uris: ["spiffe://other.cryptopulse.internal/agent"]), roots: authority.rootsPath)
        let listener = try await Listener.start(authority.server())
        let (server, _) = try await listener.pair(.meshClient(credentials, trustDomain: Self.domain))
        let error = await server.remaining().error
        #expect(error == .peerRefused(.wrongTrustDomain(expected: Self.domain, found: "other.cryptopulse.internal")))
        #expect("\(error.map { "\($0)" } ?? "")".contains("other.cryptopulse.internal, and this side is of \(Self.domain)"))
    }

    // MARK: - Without a certificate

    @Test("Where none is asked for, a client without a certificate gets in as nobody, and holds the server to the rules")
    func anonymous() async throws {
        let listener = try await Listener.start(.anonymousServer(authority.credentials(.named("auth"))))
        let client = try MeshTLSContext.anonymousClient(trustRootsPath: authority.rootsPath, trustDomain: Self.domain, expecting: "auth")
        let (server, atClient) = try await listener.pair(client)
        #expect(try await server.handshake().peer == nil)
        #expect(try await atClient.handshake().peer?.name == "auth")

        let picky = try MeshTLSContext.anonymousClient(trustRootsPath: authority.rootsPath, trustDomain: Self.domain, expecting: "audit")
        let (_, refusing) = try await listener.pair(picky)
        #expect(await refusing.remaining().error == .peerRefused(.unexpectedName(expected: "audit", found: "auth")))
        let stranger = try TestAuthority()
        let lost = try MeshTLSContext.anonymousClient(trustRootsPath: stranger.rootsPath, trustDomain: Self.domain, expecting: "auth")
        let (_, atLost) = try await listener.pair(lost)
        #expect(await atLost.remaining().error == .peerRefused(.unknownRoot))
    }

    @Test("A mesh listener takes no client without a certificate")
    func meshListener() async throws {
        let listener = try await Listener.start(authority.server(.named("auth")))
        let client = try MeshTLSContext.anonymousClient(trustRootsPath: authority.rootsPath, trustDomain: Self.domain, expecting: "auth")
        let (server, _) = try await listener.pair(client)
        #expect(await server.remaining().error == .peerRefused(.noCertificate))
    }
}
