import AuditClient
@testable import AuthService
import Crypto
import Cryptography
import Foundation
import GRDB
import Identity
import KeyManagement
import Logging
import MeshCall
import MeshMessages
import MeshTLS
import Secrets
import ServiceAPI
import Storage
import Synchronization
import Testing

/// auth's mesh identities behind their real dispatch, policy and database, with a root of their own and a clock that is set by hand.
final class IdentityFixture: Sendable {
    let folder: String
    let database: ServiceDatabase
    let components: IdentityComponents
    let root: CertificateAuthority
    let clock: AuthFixture.Clock
    private let server: InProcessServer

    init(after killed: IdentityFixture? = nil, environment: String = "development", age: KeyAge = KeyAge()) async throws {
        folder = NSTemporaryDirectory() + "identity-" + UUID().uuidString
        let clock = AuthFixture.Clock(killed?.clock.now ?? 1_790_000_000)
        root = try killed?.root ?? CertificateAuthority.makeRoot(environment: environment, now: clock.date)
        if let killed {
            try FileManager.default.copyItem(atPath: killed.folder, toPath: folder)
        } else {
            try Self.deploy(to: folder, root: root, environment: environment, now: clock.date)
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        database = try ServiceDatabase(folder: folder + "/data", name: "auth", schema: .auth, logger: logger)
        let secrets = FileSecretStore(folder: folder + "/secrets")
        let lists = Published()
        let place = KeyringPlace(store: secrets, database: database, outbox: AuditOutbox(source: "auth"), logger: logger, clock: { clock.date })
        components = try await IdentityComponents.make(
            environment: environment, database: database, outbox: AuditOutbox(source: "auth"),
            data: try await DataKeyring.open([MeshIssuer.purpose], in: place, inherit: IssuingKeyTable.inherit).data, age: age,
            rootsPath: folder + "/roots.pem", deployedTokens: folder + "/join-tokens.json", clock: { clock.date }, changed: { lists.add($0) })
        try await components.importFirstKey(secrets, certificatePath: folder + "/issuer.pem", logger: logger)
        server = InProcessServer(services: [components.definition, components.enrolment], authenticator: nil, logger: logger)
        self.clock = clock
        self.lists = lists
    }

    private let lists: Published
    var lastList: RevocationList? { lists.all.last }

    private final class Published: Sendable {
        private let lists = Mutex<[RevocationList]>([])
        var all: [RevocationList] { lists.withLock { $0 } }
        func add(_ list: RevocationList) { lists.withLock { $0.append(list) } }
    }

    private static func deploy(to folder: String, root: CertificateAuthority, environment: String, now: Date) throws {
        for path in [folder, folder + "/secrets"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        let key = MeshKey()
        let issuer = try root.certifyIssuer(CertificateRequest(key: key, spiffeID: nil), environment: environment, now: now)
        try write(Array(root.certificatePEM.utf8), to: folder + "/roots.pem")
        try write(Array(CertificateFacts.pem(chain: [issuer]).utf8), to: folder + "/issuer.pem")
        try write(key.raw.withUnsafeBytes { Array($0) }, to: folder + "/secrets/issuing-key")
        try write(SecureRandom.bytes(32), to: folder + "/secrets/data-key")
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600]))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    // MARK: - Callers

    /// - Parameter serial: of the certificate that the caller shows.
    func identity(as name: String, serial: String? = nil) -> AuthV1.IdentityClient {
        let peer = AuthFixture.peer(name)
        return AuthV1.IdentityClient(server.channel(as: PeerIdentity(spiffeID: peer.spiffeID, name: peer.name, serial: serial)))
    }

    var enrolment: AuthV1.EnrolmentClient {
        AuthV1.EnrolmentClient(server.channel(as: PeerIdentity(spiffeID: "", name: "anonymous")))
    }

    func token(for service: String, lifetime: UInt32 = 600) async throws -> String {
        try await identity(as: "operator").createJoinToken(.init(service: service, lifetime: lifetime, reason: "test")).joinToken
    }

    static func request(_ name: String, environment: String = "development", key: MeshKey = MeshKey()) throws -> [UInt8] {
        try CertificateRequest(key: key, spiffeID: EnvironmentNames.spiffeID(environment, service: name)).der
    }

    func enrol(_ name: String, token: String, environment: String = "development") async throws -> CertificateFacts {
        let answer = try await enrolment.enrol(.init(joinToken: token, certificateRequest: Self.request(name, environment: environment)))
        return try CertificateFacts(pem: CertificateFacts.pem(chain: answer.chain))
    }

    /// - Parameter serial: of the certificate that `caller` shows; one that it enrols for before, if nil.
    func renew(
        _ name: String, as caller: String, serial: String? = nil
    ) async throws -> (facts: CertificateFacts, issuer: CertificateFacts) {
        var shown = serial
        if shown == nil, caller != "anonymous" { shown = try await enrol(caller, token: token(for: caller)).serial }
        let answer = try await identity(as: caller, serial: shown).renew(.init(certificateRequest: Self.request(name)))
        return (
            try CertificateFacts(pem: CertificateFacts.pem(chain: answer.chain)),
            try CertificateFacts(pem: CertificateFacts.pem(chain: [answer.chain[1]]))
        )
    }

    /// Rotates as an operator does who has the root.
    func rotate(with root: CertificateAuthority? = nil, environment: String = "development") async throws -> AuthV1.IssuingKey {
        let prepared = try await identity(as: "operator").prepareIssuingKey(.init(reason: "test"))
        let certificate = try (root ?? self.root).certifyIssuer(
            CertificateRequest(der: prepared.certificateRequest), environment: environment, now: clock.date)
        return try await identity(as: "operator").activateIssuingKey(.init(id: prepared.id, certificate: certificate, reason: "test"))
    }

    // MARK: - What happened

    func actions() async throws -> [String] {
        let packed = try await database.readAll { db in try Data.fetchAll(db, sql: "SELECT record FROM audit_outbox ORDER BY sequence") }
        return try packed.map { try AuditV1.Record(packed: Array($0)) }.map {
            $0.outcome == "ok" ? "\($0.action) \($0.object)" : "\($0.action) \($0.object) \($0.reason)"
        }
    }
}
