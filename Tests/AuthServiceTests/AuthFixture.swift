import AuditClient
@testable import AuthService
import Cryptography
import Foundation
import GRDB
import Identity
import KeyManagement
import Logging
import MeshCall
import MeshMessages
import Secrets
import ServiceAPI
import Storage
import Synchronization
import Testing

/// auth behind its real mesh dispatch, policy and database, with a clock that stands still until it is moved.
final class AuthFixture: Sendable {
    static let password = "correct horse battery"
    /// Cheap, for tests that are not about cost.
    static let cheapHashing = PasswordHashParameters(memoryKiB: 64, passes: 1, lanes: 1)

    let folder: String
    let database: ServiceDatabase
    let components: AuthComponents
    let client: AuthV1.AuthClient
    let server: InProcessServer
    /// As the gateway, and as the operator.
    let accounts: AuthV1.AccountsClient
    let operatorsAccounts: AuthV1.AccountsClient
    let clock: Clock
    let secrets: FileSecretStore
    /// Their time passes in `follow`, which tests run.
    let wrapping: StoredKeyring
    let signing: StoredKeyring
    let tokens: TokenKeys
    /// Of the keys that verify tokens.
    let keyChanges: AsyncStream<Void>

    /// - Parameter killed: an auth whose files, as they lie on disk this moment, are taken over: what a restart after `kill -9` finds.
    init(
        after killed: AuthFixture? = nil, environment: String = "development", withDataKey dataKey: [UInt8]? = nil, hashing: PasswordHashParameters = cheapHashing,
        hashingQueue: Int = 100
    ) async throws {
        folder = NSTemporaryDirectory() + "auth-" + UUID().uuidString
        if let killed {
            try FileManager.default.copyItem(atPath: killed.folder, toPath: folder)
        } else {
            try Self.makeFolder(folder + "/secrets")
            for name in ["token-signing-key", "data-key"] { try Self.write(SecureRandom.bytes(32), to: folder + "/secrets/" + name) }
        }
        if let dataKey { try Self.write(dataKey, to: folder + "/secrets/data-key") }
        secrets = FileSecretStore(folder: folder + "/secrets")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        database = try ServiceDatabase(folder: folder + "/data", name: "auth", schema: .auth, logger: logger)
        // Its outbox is filled and never sent: tests read it there.
        let nowhere = InProcessServer(services: [], authenticator: nil, logger: logger)
        let audit = AuditClient(database: database, source: "auth", channel: nowhere.channel(as: Self.peer("auth")), logger: logger)
        let clock = Clock(killed?.clock.now ?? 1_790_000_000)
        self.clock = clock
        let place = KeyringPlace(store: secrets, database: database, outbox: audit.outbox, logger: logger, clock: { clock.date })
        let (data, wrapping) = try await DataKeyring.open(AuthSeals.purposes, in: place)
        let (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        keyChanges = changes
        let (tokens, signing) = try await TokenKeys.open(environment: environment, in: place) { _ in changed.yield() }
        (self.wrapping, self.signing, self.tokens) = (wrapping, signing, tokens)
        components = try AuthComponents.make(
            environment: environment, database: database, outbox: audit.outbox, tokens: tokens, data: data, hashing: hashing,
            hashingQueue: hashingQueue, clock: { clock.date })
        let keys = KeysHandler([signing, wrapping], schedules: KeySchedules(), clock: { clock.date })
        server = InProcessServer(services: [components.definition, components.accounts, .keys(keys)], authenticator: components.authenticator, logger: logger)
        accounts = AuthV1.AccountsClient(server.channel(as: Self.peer("gateway")))
        operatorsAccounts = AuthV1.AccountsClient(server.channel(as: Self.peer("operator")))
        client = AuthV1.AuthClient(PatientChannel(channel: server.channel(as: Self.peer("gateway"))))
    }

    final class Clock: Sendable {
        private let seconds: Mutex<Int64>
        init(_ start: Int64) { seconds = Mutex(start) }
        var date: Date { Date(timeIntervalSince1970: Double(now)) }
        var now: Int64 { seconds.withLock { $0 } }
        func advance(by amount: Int64) { seconds.withLock { $0 += amount } }
    }

    static func peer(_ name: String) -> PeerIdentity {
        PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/\(name)", name: name)
    }

    private static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600]))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    // MARK: - People

    /// A person with an authenticator.
    struct Person: Sendable {
        let email: String
        let password: String
        let userID: String
        let seed: [UInt8]

        func code(at seconds: Int64) -> String {
            TOTP(seed: seed).code(atStep: TOTP.step(at: seconds))
        }
    }

    func signUp(_ email: String = "Ada@Example.com", password: String = password) async throws -> Person {
        let response = try await client.signUp(.init(email: email, password: password))
        let secret = try #require(response.enrolment?.secret)
        return Person(email: email, password: password, userID: response.userId, seed: try #require(Base32.decode(secret)))
    }

    func code(of person: Person) -> String { person.code(at: clock.now) }

    @discardableResult
    func confirm(_ person: Person) async throws -> AuthV1.Session {
        try await client.confirmTotp(.init(email: person.email, password: person.password, code: code(of: person)))
    }

    func signIn(_ person: Person, password: String? = nil, code: String? = nil) async throws -> AuthV1.Session {
        try await client.signIn(
            .init(email: person.email, password: password ?? person.password, code: code ?? self.code(of: person)))
    }

    /// Signed up, confirmed, and past the code that did it.
    func member(_ email: String = "Ada@Example.com") async throws -> (person: Person, session: AuthV1.Session) {
        let person = try await signUp(email)
        let session = try await confirm(person)
        clock.advance(by: 30)
        return (person, session)
    }

    // MARK: - What happened

    /// The events in the outbox, oldest first.
    func events() async throws -> [AuditV1.Record] {
        let packed = try await database.readAll { db in try Data.fetchAll(db, sql: "SELECT record FROM audit_outbox ORDER BY sequence") }
        return try packed.map { try AuditV1.Record(packed: Array($0)) }
    }

    func actions() async throws -> [String] {
        try await events().filter { $0.reason != "start" }.map { $0.outcome == "ok" ? $0.action : "\($0.action) \($0.reason)" }
    }

    func verify(_ token: String, _ kind: TokenKind) async throws -> VerifiedToken {
        let published = try await client.getKeys(.init())
        let keys = try published.keys.map { try TokenKeySet.Key(kid: $0.kid, algorithm: $0.algorithm, publicKey: $0.publicKey) }
        return try await TokenVerifier(environment: "development").verify(
            token, accepting: [kind.rawValue], keys: TokenKeySet(issuer: published.issuer, keys: keys), now: clock.date)
    }
}

/// The error of a call that must fail.
func refusal<Value>(
    _ location: SourceLocation = #_sourceLocation, _ call: () async throws -> Value
) async throws -> RPCError {
    try await #require(throws: RPCError.self, sourceLocation: location) { _ = try await call() }
}
