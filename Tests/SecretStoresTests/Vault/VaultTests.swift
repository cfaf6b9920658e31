import Crypto
import Exchange
import Foundation
import Glibc
import SecretServers
import Secrets
@testable import SecretStores
import Synchronization
import Testing

@Suite(
    "OpenBao", .serialized, .timeLimit(.minutes(3)), .enabled(if: ExternalProgram.bao.isExpected, "set CRYPTOPULSE_OPENBAO to OpenBao's bao"))
struct VaultTests {
    private static let value = SecretBytes(copying: Array("marker-of-the-value".utf8))

    /// Impatient, for what is to fail.
    private var limits: StoreLimits {
        var limits = StoreLimits()
        limits.deadline = .seconds(3)
        limits.attempt = .seconds(2)
        return limits
    }

    @Test("A role's token is replaced after Vault forgot it, and other services' secrets are refused")
    func tokens() async throws {
        try await OpenBao.with { bao in
            let store = try VaultSecretStore(bao.appRole)
            try await store.put(Self.value, as: "data-key", at: .current)
            try await bao.run("token", "revoke", "-mode=path", "auth/approle")
            #expect(try await store.secret(named: "data-key") == Self.value)
            var stranger = bao.appRole
            stranger.prefix = "cryptopulse/development/agent"
            let strangers = try VaultSecretStore(stranger)
            #expect(kind(await cause { try await strangers.secret(named: "data-key") }) == "denied")
            try await bao.run("delete", "auth/approle/role/execution")
            try await bao.run("token", "revoke", "-mode=path", "auth/approle")
            #expect(kind(await cause { try await store.secret(named: "data-key") }) == "denied")
        }
    }

    @Test("A token is renewed before its end, without another login")
    func renewal() async throws {
        try await OpenBao.with { bao in
            try await bao.run("write", "auth/approle/role/execution", "token_policies=execution", "token_ttl=3s", "token_max_ttl=1h", "secret_id_num_uses=1")
            try bao.folder.write(try await bao.run("write", "-field=secret_id", "-f", "auth/approle/role/execution/secret-id"), "secret-id")
            let store = try VaultSecretStore(bao.appRole)
            try await store.put(Self.value, as: "data-key", at: .current)
            // The secret id is good for one login: longer than the token's 3 s only renewals reach.
            let end = ContinuousClock.now + .seconds(7)
            var changes = store.changes(of: "data-key", every: .milliseconds(300)).makeAsyncIterator()
            _ = await changes.next()
            while ContinuousClock.now < end {
                #expect(try await store.secret(named: "data-key") == Self.value)
                try await bao.run("token", "lookup")
            }
        }
    }

    @Test("A secret that the policy forbids costs neither the token nor a login")
    func forbidden() async throws {
        try await OpenBao.with { bao in
            let deny = "path \"secret/data/\(OpenBao.prefix)/locked\" { capabilities = [\"deny\"] }"
            try await bao.run("policy", "write", "execution", "-", input: OpenBao.policy + "\n" + deny)
            // One login, and no more.
            try await bao.run("write", "auth/approle/role/execution", "token_policies=execution", "token_ttl=60s", "secret_id_num_uses=1")
            try bao.folder.write(try await bao.run("write", "-field=secret_id", "-f", "auth/approle/role/execution/secret-id"), "secret-id")
            let store = try VaultSecretStore(bao.appRole)
            try await store.put(Self.value, as: "data-key", at: .current)
            #expect(kind(await cause { try await store.put(Self.value, as: "locked", at: .current) }) == "denied")
            #expect(try await store.secret(named: "data-key") == Self.value)
        }
    }

    @Test("A secret id that is delivered wrapped again is taken up without a restart")
    func wrappedAgain() async throws {
        try await OpenBao.with { bao in
            let path = "auth/approle/role/execution/secret-id"
            try await bao.run("write", "auth/approle/role/execution", "token_policies=execution", "token_ttl=60s", "secret_id_num_uses=1")
            func deliver() async throws {
                try bao.folder.write(try await bao.run("write", "-wrap-ttl=120s", "-field=wrapping_token", "-f", path), "wrapped")
            }
            try await deliver()
            let file = bao.folder.path + "/wrapped"
            let store = try VaultSecretStore(bao.settings(.appRole(.init(role: "execution", roleID: bao.roleID, wrappedSecretIDFile: file))))
            try await store.put(Self.value, as: "data-key", at: .current)
            try await bao.run("token", "revoke", "-mode=path", "auth/approle")
            #expect(kind(await cause { try await store.secret(named: "data-key") }) == "denied")
            try await deliver()
            #expect(try await store.secret(named: "data-key") == Self.value)
        }
    }

    @Test("A client certificate logs in; another does not")
    func certificateLogin() async throws {
        try await OpenBao.with { bao in
            try await bao.run("auth", "enable", "cert")
            try await bao.run(
                "write", "auth/cert/certs/execution", "certificate=@\(bao.folder.path)/client.pem", "token_policies=execution", "token_ttl=60s")
            func settings(_ name: String) -> VaultSettings {
                bao.settings(
                    .certificate(
                        .init(
                            role: "execution", certificatePath: "\(bao.folder.path)/\(name).pem",
                            privateKeyPath: "\(bao.folder.path)/\(name)-key.pem")))
            }
            let store = try VaultSecretStore(settings("client"))
            try await store.put(Self.value, as: "data-key", at: .current)
            #expect(try await store.secret(named: "data-key") == Self.value)
            let other = try VaultSecretStore(settings("server"), limits: limits)
            #expect(kind(await cause { try await other.secret(named: "data-key") }) == "denied")
        }
    }

    @Test("A wrapped secret id opens once; the second time, and for a token that wraps something else, is an alarm")
    func wrapping() async throws {
        try await OpenBao.with { bao in
            let file = bao.folder.path + "/wrapped"
            let settings = bao.settings(.appRole(.init(role: "execution", roleID: bao.roleID, wrappedSecretIDFile: file)))
            let path = "auth/approle/role/execution/secret-id"
            let token = try await bao.run("write", "-wrap-ttl=120s", "-field=wrapping_token", "-f", path)
            try bao.folder.write(token, "wrapped")
            let store = try VaultSecretStore(settings)
            try await store.put(Self.value, as: "data-key", at: .current)
            // The file is of no more use, and the secret id is kept for the next login.
            #expect(!FileManager.default.fileExists(atPath: file))
            try await bao.run("token", "revoke", "-mode=path", "auth/approle")
            #expect(try await store.secret(named: "data-key") == Self.value)
            try bao.folder.write(token, "wrapped")
            #expect(kind(await cause { try await VaultSecretStore(settings).secret(named: "data-key") }) == "unwrapRefused")
            // What somebody else wrapped, in the hope that it is taken.
            try bao.folder.write(try await bao.run("write", "-wrap-ttl=120s", "-field=wrapping_token", "sys/wrapping/wrap", "secret_id=planted"), "wrapped")
            #expect(kind(await cause { try await VaultSecretStore(settings).secret(named: "data-key") }) == "unwrapRefused")
            unlink(file)
            #expect(kind(await cause { try await VaultSecretStore(settings).secret(named: "data-key") }) == "denied")
        }
    }

    @Test("Transit signs exchange requests with an Ed25519 key that never leaves it")
    func transit() async throws {
        try await OpenBao.with { bao in
            try await bao.run("secrets", "enable", "transit")
            try await bao.run("write", "-f", "transit/keys/execution", "type=ed25519")
            let transit = try VaultTransitSigner(bao.appRole, key: "execution")
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: try await transit.publicKey())
            let payload = Array("symbol=BTCUSDT&side=BUY&timestamp=1790000000000".utf8)
            let signature = try await RemoteRequestSigner(transit.signature).signature(of: payload)
            #expect(key.isValidSignature(try #require(Data(base64Encoded: signature)), for: payload))
            #expect(!key.isValidSignature(try #require(Data(base64Encoded: signature)), for: payload + [0]))
            // A rotated key signs under its new version.
            try await bao.run("write", "-f", "transit/keys/execution/rotate")
            let rotated = try Curve25519.Signing.PublicKey(rawRepresentation: try await transit.publicKey())
            #expect(rotated.rawRepresentation != key.rawRepresentation)
            #expect(rotated.isValidSignature(try await transit.signature(of: payload), for: payload))
            #expect(kind(await cause { try await VaultTransitSigner(bao.appRole, key: "other").signature(of: payload) }) == "denied")
        }
    }

    @Test("A key made in transit signs, is not exportable, is made once, and signs no more once it is destroyed; other environments' are out of reach")
    func transitKeys() async throws {
        try await OpenBao.with { bao in
            try await bao.run("secrets", "enable", "transit")
            let keys = try VaultTransitKeys(bao.appRole)
            let name = try RemoteKeyName(environment: "development", purpose: "trade", user: "ann", id: "k1")
            let signer = try await keys.make(name)
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: try await signer.publicKey())
            let payload = Array("symbol=BTCUSDT&side=BUY".utf8)
            #expect(key.isValidSignature(try await keys.signer(name).signature(of: payload), for: payload))
            #expect(try await bao.run("read", "-field=exportable", "transit/keys/\(name)").contains("false"))
            // Not even the root token takes it out.
            await #expect(throws: (any Error).self) { try await bao.run("read", "transit/export/signing-key/\(name)") }
            #expect(kind(await cause { try await keys.make(name) }) == "conflict")
            try await keys.destroy(name)
            #expect(await cause { try await signer.signature(of: payload) } != nil)
            try await keys.destroy(name)
            let other = try RemoteKeyName(environment: "production", purpose: "trade", user: "ann", id: "k1")
            #expect(kind(await cause { try await keys.make(other) }) == "denied")
        }
    }

    @Test(
        "Only Vault's own word that nothing is there counts as that; of an answer with warnings, or of something else on the way, it is not known",
        arguments: [
            (#"{"errors":[]}"#, "does not exist"), (#"{"request_id":"1","data":{"data":null,"metadata":{}},"warnings":null}"#, "does not exist"),
            (#"{"errors":["no handler for route \"gone/keys/a\""]}"#, "unusable"),
            (#"{"request_id":"1","data":null,"warnings":["Invalid path for a versioned K/V secrets engine."]}"#, "unavailable"),
            ("<html><body>404 Not Found</body></html>", "unavailable"), (#"{"message":"no Route matched"}"#, "unavailable"), ("{}", "unavailable"),
            ("", "unavailable"),
        ])
    func notThere(body: String, expected: String) {
        #expect(kind(VaultReplyReader.cause(StoreHTTPClient.Reply(status: 404, body: Array(body.utf8)))) == expected)
    }

    @Test("A remote key's name of another environment is refused, and both are named")
    func foreignNames() throws {
        let name = try RemoteKeyName(environment: "staging", purpose: "trade", user: "ann", id: "k1")
        #expect(try RemoteKeyName("\(name)", in: "staging") == name)
        #expect(throws: SecretStoreError.Cause.otherEnvironment(found: "staging", expected: "production")) {
            try RemoteKeyName("\(name)", in: "production")
        }
        for bad in ["", "staging.trade.ann", "staging.trade.ann.k1.x", "staging.trade..k1", "staging.trade.a/b.k1"] {
            #expect(throws: SecretStoreError.Cause.invalidName) { try RemoteKeyName(bad, in: "staging") }
        }
    }

    @Test("A secret that a person put is read: its newest version is the current one")
    func putByHand() async throws {
        try await OpenBao.with { bao in
            let store = try VaultSecretStore(bao.appRole)
            for text in ["typed-1", "typed-2"] { try await bao.run("kv", "put", "-mount=secret", OpenBao.prefix + "/llm-key", "value=\(text)") }
            #expect(try await store.secret(named: "llm-key") == SecretBytes(copying: Array("typed-2".utf8)))
            #expect(try await store.value(of: "llm-key", at: .previous).bytes == SecretBytes(copying: Array("typed-1".utf8)))
            try await bao.run("kv", "metadata", "patch", "-mount=secret", "-custom-metadata=owner=ops", OpenBao.prefix + "/llm-key")
            let pending = try await store.put(Self.value, as: "llm-key", at: .pending)
            #expect(try await store.secret(named: "llm-key") == SecretBytes(copying: Array("typed-2".utf8)))
            try await store.move(.current, of: "llm-key", to: pending.id)
            #expect(try await store.secret(named: "llm-key") == Self.value)
            // Somebody else's note is still there.
            #expect(try await bao.run("kv", "metadata", "get", "-mount=secret", OpenBao.prefix + "/llm-key").contains("ops"))
        }
    }

    private final class Clock: Sendable {
        private let passed = Mutex(Duration.zero)
        private let start = ContinuousClock.now
        var now: ContinuousClock.Instant { start + passed.withLock { $0 } }
        func advance(_ seconds: Int) { passed.withLock { $0 += .seconds(seconds) } }
    }

    @Test("Killed mid-run: values serve as long as the policy says, then a clear error; when it is back, all is well by itself")
    func killed() async throws {
        try await OpenBao.with { bao in try await exercise(bao) }
    }

    private func exercise(_ bao: OpenBao) async throws {
        let clock = Clock()
        let inner = try VaultSecretStore(bao.appRole, limits: limits)
        let store = CachedSecretStore(inner, policy: CachePolicy(maximumAgeSeconds: 60, staleSeconds: 600)) { clock.now }
        try await store.put(Self.value, as: "data-key", at: .current)
        #expect(try await store.secret(named: "data-key") == Self.value)
        bao.killServer()
        #expect(kind(await cause { try await inner.secret(named: "data-key") }) == "unavailable")
        clock.advance(120)
        #expect(try await store.secret(named: "data-key") == Self.value)
        clock.advance(600)
        let late = await cause { try await store.secret(named: "data-key") }
        #expect(kind(late) == "expired")
        #expect(late.map { "\($0)" }?.contains("720 s ago") == true && late.map { "\($0)" }?.contains(bao.address) == true)
        try await bao.serve { _ in
            let found = try await store.secret(named: "data-key")
            #expect(found == Self.value)
        }
    }

    @Test("A server whose certificate is not trusted gets nothing")
    func untrusted() async throws {
        try await OpenBao.with { bao in
            var settings = bao.appRole
            settings.rootsPath = bao.folder.path + "/client.pem"
            let store = try VaultSecretStore(settings, limits: limits)
            #expect(kind(await cause { try await store.secret(named: "data-key") }) == "unavailable")
        }
    }
}
