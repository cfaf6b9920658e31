import Foundation
import MeshTLS
import Testing

@Suite("Contexts and their files", .timeLimit(.minutes(1)))
struct ContextTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func failure(_ credentials: MeshTLSCredentials) throws -> (file: String, cause: String) {
        let error = try #require(throws: MeshTLSError.self) {
            try MeshTLSContext.meshServer(credentials, trustDomain: TestAuthority.trustDomain)
        }
        guard case .configuration(let file?, let cause) = error else { throw error }
        return (file, cause)
    }

    @Test("A private key that others can read is refused", arguments: [0o644, 0o640, 0o604, 0o660])
    func openKey(mode: Int) throws {
        let credentials = try authority.credentials()
        try TestAuthority.setMode(mode, of: credentials.privateKeyPath)
        let (file, cause) = try failure(credentials)
        #expect(file == credentials.privateKeyPath)
        #expect(cause.contains("private key is open to group or others"))
    }

    @Test("A file that is not there is named")
    func missing() throws {
        var credentials = try authority.credentials()
        credentials.trustRootsPath = authority.folder.appending(path: "none.pem").path
        let (file, cause) = try failure(credentials)
        #expect(file == credentials.trustRootsPath)
        #expect(cause == "No such file or directory")
    }

    @Test(
        "A certificate file without a certificate, or with a broken one, is named",
        arguments: [
            ("", "no PEM certificate"), ("hello\n", "no PEM certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no PEM certificate"),
        ])
    func rubbish(text: String, cause: String) throws {
        let credentials = try authority.credentials()
        try Data(text.utf8).write(to: URL(filePath: credentials.certificateChainPath))
        let found = try failure(credentials)
        #expect(found.file == credentials.certificateChainPath)
        #expect(found.cause.contains(cause))
    }

    @Test("Rubbish after a good certificate is not overlooked")
    func brokenSecond() throws {
        let credentials = try authority.credentials()
        let good = try String(contentsOfFile: credentials.certificateChainPath, encoding: .utf8)
        let bad = good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        try bad.write(toFile: credentials.certificateChainPath, atomically: true, encoding: .utf8)
        #expect(try failure(credentials).cause.contains("not a valid PEM certificate"))
    }

    @Test("The key of another certificate is refused")
    func wrongKey() throws {
        var credentials = try authority.credentials()
        credentials.privateKeyPath = try authority.credentials().privateKeyPath
        #expect(try failure(credentials).cause.contains("not that of the certificate"))
    }

    @Test("A reload serves new connections with the new certificate and leaves the old ones alone")
    func reload() async throws {
        let credentials = try authority.credentials(.named("execution"))
        let context = try MeshTLSContext.meshServer(credentials, trustDomain: TestAuthority.trustDomain)
        let listener = try await Listener.start(context)
        let (server, client) = try await listener.pair(authority.client())
        #expect(try await client.handshake().peer?.name == "execution")

        try replace(credentials, by: authority.credentials(.named("audit")))
        try context.reload()
        let later = try await listener.connect(authority.client())
        #expect(try await later.handshake().peer?.name == "audit")
        try await server.send("still here")
        #expect(try await client.bytes(10) == Array("still here".utf8))
    }

    @Test("A reload that fails leaves the context as it was")
    func failedReload() async throws {
        let credentials = try authority.credentials(.named("execution"))
        let context = try MeshTLSContext.meshServer(credentials, trustDomain: TestAuthority.trustDomain)
        try Data().write(to: URL(filePath: credentials.certificateChainPath))
        #expect(throws: MeshTLSError.self) { try context.reload() }
        let listener = try await Listener.start(context)
        #expect(try await (try listener.connect(authority.client())).handshake().peer?.name == "execution")
    }

    @Test("Files are read again when they have changed, and only then")
    func reloadIfChanged() async throws {
        let credentials = try authority.credentials(.named("execution"))
        let context = try MeshTLSContext.meshServer(credentials, trustDomain: TestAuthority.trustDomain)
        let now = Int64(Date.now.timeIntervalSince1970)
        // They are so new that they may have changed since within one tick of the file system's clock: once more, then never again.
        #expect(try context.reloadIfChanged(at: now + 10))
        #expect(try !context.reloadIfChanged(at: now + 20))
        try replace(credentials, by: authority.credentials(.named("audit")))
        #expect(try context.reloadIfChanged(at: now + 30))
        #expect(try !context.reloadIfChanged(at: now + 40))
        let listener = try await Listener.start(context)
        #expect(try await (try listener.connect(authority.client())).handshake().peer?.name == "audit")
        // Half a renewal: an error, and another try later although nothing changes any more.
        try Data().write(to: URL(filePath: credentials.certificateChainPath))
        for later in [50, 60] { #expect(throws: MeshTLSError.self) { try context.reloadIfChanged(at: now + Int64(later)) } }
    }

    private func replace(_ credentials: MeshTLSCredentials, by fresh: MeshTLSCredentials) throws {
        for (old, new) in [
            (credentials.certificateChainPath, fresh.certificateChainPath), (credentials.privateKeyPath, fresh.privateKeyPath),
        ] {
            try FileManager.default.removeItem(atPath: old)
            try FileManager.default.moveItem(atPath: new, toPath: old)
        }
    }
}

@Suite("SPIFFE identities")
struct SPIFFEIdentityTests {
    @Test("A good identity is taken apart")
    func good() throws {
        let identity = try SPIFFEIdentity(uri: "spiffe://development.cryptopulse.internal/market-data")
        #expect(identity.trustDomain == "development.cryptopulse.internal")
        #expect(identity.name == "market-data")
        #expect(identity.uri == "spiffe://development.cryptopulse.internal/market-data")
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "spiffe:/", "spiffe://", "spiffe:///agent", "SPIFFE://a/b", "spiffe://A/b", "spiffe://a", "spiffe://a/", "spiffe://a/b/",
            "spiffe://a//b", "spiffe://a/b/c", "spiffe://a/.", "spiffe://a/..", "spiffe://a/b?c", "spiffe://a/b#c", "spiffe://u@a/b",
            "spiffe://a:1/b", "spiffe://a/b c", "spiffe://a/%62", "spiffe://a/\u{0}", "spiffe://a/\u{e9}", " spiffe://a/b",
            "spiffe://a/" + String(repeating: "b", count: 2048), "spiffe://" + String(repeating: "a", count: 256) + "/b",
        ])
    func bad(_ uri: String) {
        #expect(throws: PeerRefusal.self) { try SPIFFEIdentity(uri: uri) }
    }
}
