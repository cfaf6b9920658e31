import MeshTLS
import NIOCore
import Testing

/// A certificate that must not be accepted, and what the refusal says.
struct BadCertificate: Sendable, CustomTestStringConvertible {
    let name: String
    let leaf: TestAuthority.Leaf
    let isExpected: @Sendable (PeerRefusal) -> Bool

    var testDescription: String { name }

    init(_ name: String, _ change: (inout TestAuthority.Leaf) -> Void, _ isExpected: @escaping @Sendable (PeerRefusal) -> Bool) {
        var leaf = TestAuthority.Leaf()
        change(&leaf)
        self.name = name
        self.leaf = leaf
        self.isExpected = isExpected
    }

    private static func uri(_ name: String, _ uri: String, _ isExpected: @escaping @Sendable (PeerRefusal) -> Bool) -> BadCertificate {
        BadCertificate(name, { $0.uris = [uri] }, isExpected)
    }

    static let all = [
        BadCertificate("expired", { ($0.startsIn, $0.endsIn) = (-7200, -3600) }) { if case .expired = $0 { true } else { false } },
        BadCertificate("not yet valid", { $0.startsIn = 1800 }) { if case .notYetValid = $0 { true } else { false } },
        BadCertificate("self-signed", { $0.selfSigned = true }) { $0 == .selfSigned },
        BadCertificate("no names", { $0.uris = [] }) { $0 == .noURI },
        BadCertificate("a DNS name alone", { ($0.uris, $0.dns) = ([], ["agent"]) }) { $0 == .noURI },
        BadCertificate("two URIs", { $0.uris.append("spiffe://\(TestAuthority.trustDomain)/execution") }) { $0 == .severalURIs(2) },
        BadCertificate("an authority's", { $0.isAuthority = true }) { $0 == .certificateAuthority },
        BadCertificate("no key usage", { $0.keyUsage = nil }) { $0 == .keyUsage("is absent") },
        BadCertificate("key usage not critical", { $0.keyUsage = "digitalSignature" }) { $0 == .keyUsage("is not critical") },
        BadCertificate("key usage without signatures", { $0.keyUsage = "critical,keyAgreement" }) {
            $0 == .keyUsage("lacks digitalSignature")
        },
        BadCertificate("key usage that signs certificates", { $0.keyUsage = "critical,digitalSignature,keyCertSign" }) {
            $0 == .keyUsage("allows signing certificates or revocation lists")
        },
        BadCertificate("server purpose alone", { $0.extendedKeyUsage = "serverAuth" }) { $0 == .extendedKeyUsage },
        BadCertificate("client purpose alone", { $0.extendedKeyUsage = "clientAuth" }) { $0 == .extendedKeyUsage },
        uri("another environment's domain", "spiffe://other.cryptopulse.internal/agent") {
            $0 == .wrongTrustDomain(expected: TestAuthority.trustDomain, found: "other.cryptopulse.internal")
        },
        uri("another scheme", "https://test.cryptopulse.internal/agent") { $0 == .notSPIFFE("https://test.cryptopulse.internal/agent") },
        uri("no path", "spiffe://test.cryptopulse.internal") { $0 == .malformedPath("spiffe://test.cryptopulse.internal") },
        uri("two path components", "spiffe://test.cryptopulse.internal/a/b") {
            $0 == .malformedPath("spiffe://test.cryptopulse.internal/a/b")
        },
        uri("a port in the domain", "spiffe://test.cryptopulse.internal:1/agent") {
            if case .malformedTrustDomain = $0 { true } else { false }
        },
    ]
}

@Suite("Refused certificates", .timeLimit(.minutes(1)))
struct RefusalTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("A listener refuses a client before any byte, and both ends say why", arguments: BadCertificate.all)
    func serverRefuses(_ bad: BadCertificate) async throws {
        let listener = try await Listener.start(authority.server())
        let (server, client) = try await listener.pair(authority.client(bad.leaf))
        client.channel.writeAndFlush("secret".buffer, promise: nil)
        let atServer = await server.remaining()
        let atClient = await client.remaining()
        try expectRefusal(atServer, bad)
        // In TLS 1.3 the client has finished its own handshake by the time it is told.
        #expect(atClient.error?.isAuthenticationFailure == true, "\(atClient)")
    }

    @Test("A client refuses a listener before any byte, and both ends say why", arguments: BadCertificate.all)
    func clientRefuses(_ bad: BadCertificate) async throws {
        let listener = try await Listener.start(authority.server(bad.leaf))
        let (server, client) = try await listener.pair(authority.client())
        client.channel.writeAndFlush("secret".buffer, promise: nil)
        try expectRefusal(await client.remaining(), bad)
        let atServer = await server.remaining()
        #expect(atServer.error?.isAuthenticationFailure == true, "\(atServer)")
        #expect(atServer.received.isEmpty)
    }

    private func expectRefusal(_ seen: [TLSEvent], _ bad: BadCertificate) throws {
        guard case .peerRefused(let refusal) = try #require(seen.error, "one error was expected in \(seen)") else {
            Issue.record("not a refusal: \(seen)")
            return
        }
        #expect(bad.isExpected(refusal), "\(refusal)")
        #expect(seen.handshakes == 0)
        #expect(seen.received.isEmpty)
    }

    @Test("A certificate of another root is refused on both sides")
    func unknownRoot() async throws {
        let stranger = try TestAuthority()
        let listener = try await Listener.start(authority.server())
        // The stranger trusts our root, so that only its own certificate is at fault.
        let credentials = try stranger.credentials(roots: authority.rootsPath)
        let (server, _) = try await listener.pair(.meshClient(credentials, trustDomain: TestAuthority.trustDomain))
        #expect(await server.remaining().error == .peerRefused(.unknownRoot))

        let other = try await Listener.start(.meshServer(credentials, trustDomain: TestAuthority.trustDomain))
        #expect(await (try other.connect(authority.client())).remaining().error == .peerRefused(.unknownRoot))
    }

    @Test("A server of another name than the one dialled is refused")
    func unexpectedName() async throws {
        let listener = try await Listener.start(authority.server(.named("audit")))
        let client = try await listener.connect(authority.client(expecting: "execution"))
        #expect(await client.remaining().error == .peerRefused(.unexpectedName(expected: "execution", found: "audit")))
    }

    @Test("A refusal reads as one plain line")
    func message() async throws {
        let listener = try await Listener.start(authority.server())
        var leaf = TestAuthority.Leaf()
        (leaf.startsIn, leaf.endsIn) = (-7200, -3600)
        let (server, _) = try await listener.pair(authority.client(leaf))
        let text = try #require(await server.remaining().error?.description)
        #expect(text.wholeMatch(of: /certificate expired \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/) != nil, "\(text)")
    }
}
