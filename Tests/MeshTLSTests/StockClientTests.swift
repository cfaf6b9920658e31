import MeshTLS
import TestSupport
import Testing

@Suite("openssl s_client as the peer", .timeLimit(.minutes(1)))
struct StockClientTests {
    private let authority: TestAuthority
    private let certificate: [String]

    init() throws {
        authority = try TestAuthority()
        let credentials = try authority.credentials()
        certificate = ["-cert", credentials.certificateChainPath, "-key", credentials.privateKeyPath]
    }

    private func connect(_ context: MeshTLSContext, _ arguments: [String]) async throws -> (events: [TLSEvent], output: String) {
        let listener = try await Listener.start(context)
        async let client = OpenSSLTool.connect(port: listener.port, arguments)
        let server = try await listener.next()
        return (await server.remaining(), try await client.text)
    }

    @Test("It sees TLS 1.3 and is accepted with a certificate")
    func accepted() async throws {
        let (events, output) = try await connect(authority.server(), certificate + ["-alpn", "cryptopulse-mesh/1"])
        #expect(events.handshakes == 1, "\(output)")
        #expect(output.contains("New, TLSv1.3"))
        #expect(output.contains("ALPN protocol: cryptopulse-mesh/1"))
        #expect(output.contains("No session ticket") || !output.contains("Post-Handshake New Session Ticket"))
    }

    @Test("TLS 1.2 is refused", arguments: ["-tls1_2", "-tls1_1"], [["-alpn", "cryptopulse-mesh/1"], []])
    func oldVersion(_ version: String, alpn: [String]) async throws {
        let (events, output) = try await connect(authority.server(), certificate + alpn + [version, "-cipher", "ALL:@SECLEVEL=0"])
        #expect(events.error == .handshakeFailed("unsupported protocol"))
        #expect(events.handshakes == 0)
        #expect(output.contains("alert protocol version"), "\(output)")
    }

    @Test("Without a certificate it is refused")
    func noCertificate() async throws {
        let (events, output) = try await connect(authority.server(), ["-alpn", "cryptopulse-mesh/1", "-ign_eof"])
        #expect(events.error == .peerRefused(.noCertificate))
        #expect(events.handshakes == 0)
        #expect(output.contains("alert certificate required"), "\(output)")
    }

    @Test("Without a protocol in common it is refused", arguments: [["-alpn", "h2,ttrpc"], []])
    func noProtocol(_ alpn: [String]) async throws {
        let (events, output) = try await connect(authority.server(), certificate + alpn)
        #expect(events.error == .noApplicationProtocol)
        #expect(output.contains("no application protocol"), "\(output)")
    }

    @Test("Where the listener allows the baseline, ttrpc and no offer are accepted", arguments: [["-alpn", "ttrpc"], []])
    func baseline(_ alpn: [String]) async throws {
        let (events, _) = try await connect(authority.server(baseline: true), certificate + alpn)
        guard case .handshake(let completed)? = events.first else {
            Issue.record("no handshake: \(events)")
            return
        }
        #expect(completed.alpn == (alpn.isEmpty ? nil : "ttrpc"))
    }

    @Test("Mesh mode is preferred to the baseline whatever the client's order")
    func preference() async throws {
        let (_, output) = try await connect(authority.server(baseline: true), certificate + ["-alpn", "ttrpc,cryptopulse-mesh/1"])
        #expect(output.contains("ALPN protocol: cryptopulse-mesh/1"))
    }

    @Test("An HTTPS listener refuses TLS 1.2 too, and a client that offers HTTP/2 alone", arguments: [["-tls1_2"], ["-alpn", "h2"]])
    func httpsRefuses(_ arguments: [String]) async throws {
        let credentials = try authority.credentials(TestAuthority.Leaf(uris: [], dns: ["localhost"]))
        let context = try MeshTLSContext.httpsServer(
            certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath)
        let (events, output) = try await connect(context, arguments)
        #expect(events.handshakes == 0)
        #expect(output.contains("alert"), "\(output)")
    }

    @Test("An HTTPS listener asks for no certificate")
    func https() async throws {
        let credentials = try authority.credentials(TestAuthority.Leaf(uris: [], dns: ["localhost"]))
        let context = try MeshTLSContext.httpsServer(
            certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath)
        let (events, output) = try await connect(context, ["-alpn", "h2,http/1.1", "-CAfile", authority.rootsPath])
        guard case .handshake(let completed)? = events.first else {
            Issue.record("no handshake: \(events)")
            return
        }
        #expect(completed.alpn == "http/1.1")
        #expect(completed.peer == nil)
        #expect(output.contains("Verify return code: 0 (ok)"))
        #expect(output.contains("No client certificate CA names sent"))
    }
}
