import AuditClient
import Crypto
import Cryptography
import ExecutionService
import Foundation
import Identity
import KeyManagement
import Logging
import MeshCall
import Secrets
import ServiceAPI
import Storage
import Synchronization
import Testing
import Trading

/// Execution with everything around it, in this process. The database outlives `Running`: that is a restart.
final class TestMesh: Sendable {
    private let root: String
    private let generation = Mutex(0)
    let exchange = TestExchange()
    let audit = TestAudit()
    let market: TestMarket
    let issuer = TokenIssuer(environment: "development", key: Curve25519.Signing.PrivateKey())
    let dataKey = SymmetricKey(size: .bits256)
    private let crashAt = Mutex(DispatchStep?.none)
    private let between = Mutex<(step: DispatchStep, action: @Sendable () -> Void)?>(nil)
    private let policy: Mutex<RiskPolicy>
    private let now: @Sendable () -> Int64

    private let keyAge: KeyAge

    init(keyAge: KeyAge = KeyAge()) throws {
        self.keyAge = keyAge
        policy = Mutex(
            RiskPolicy(
                version: "1", symbols: Set(["BTCUSDT", "ETHUSDT"].compactMap(Symbol.init)), currency: try #require(Asset("USDT")),
                maxNotional: Decimal(25000), secondFactorAbove: Decimal(1000), slippageCap: try Trading.Decimal(canonical: "0.01")))
        root = FileManager.default.temporaryDirectory.appending(path: "execution-\(UUID().uuidString)").path
        let offset = Offset()
        now = { Int64(Date().timeIntervalSince1970 * 1000) + offset.value.withLock { $0 } }
        self.offset = offset
        market = TestMarket(now: now)
    }

    private final class Offset: Sendable {
        let value = Mutex(Int64(0))
    }

    private let offset: Offset

    func advance(milliseconds: Int64) { offset.value.withLock { $0 += milliseconds } }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// Of the running process.
    var folder: String { generation.withLock { "\(root)/\($0)" } }

    struct Crash: Error {}

    func crash(at step: DispatchStep?) { crashAt.withLock { $0 = step } }

    /// Runs `action` once, after the step of the next dispatch.
    func after(_ step: DispatchStep, _ action: @escaping @Sendable () -> Void) { between.withLock { $0 = (step, action) } }

    private func reached(_ step: DispatchStep) throws {
        if crashAt.withLock({ $0 }) == step { throw Crash() }
        let action = between.withLock { between -> (@Sendable () -> Void)? in
            guard between?.step == step else { return nil }
            defer { between = nil }
            return between?.action
        }
        action?()
    }

    var rules: RiskPolicy { policy.withLock { $0 } }

    /// For the next process.
    func changePolicy(_ change: (inout sending RiskPolicy) -> Void) { policy.withLock { change(&$0) } }

    /// Runs `body` against a process over the database, and ends that process.
    func run<T: Sendable>(
        limits: ExecutionLimits = .quick, environment: String = "development", remoteKeys: (any RemoteKeyStore)? = nil,
        _ body: (Running) async throws -> T
    ) async throws -> T {
        let running = try await start(limits: limits, environment: environment, remoteKeys: remoteKeys)
        do {
            let value = try await body(running)
            await running.stop()
            return value
        } catch {
            await running.stop()
            throw error
        }
    }

    private func start(limits: ExecutionLimits, environment: String, remoteKeys: (any RemoteKeyStore)?) async throws -> Running {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = try openDatabase(logger)
        let auditServer = InProcessServer(services: [.audit(audit)], authenticator: nil, logger: logger)
        let marketServer = InProcessServer(services: [.marketData(market)], authenticator: nil, logger: logger)
        let execution = PeerIdentity.service("execution")
        let client = AuditClient(database: database, source: "execution", channel: auditServer.channel(as: execution), logger: logger)
        let service = ExecutionService(
            ExecutionDependencies(
                environment: environment, database: database, audit: client, marketData: marketServer.channel(as: execution),
                exchange: exchange, policy: rules, cipher: ColumnCipher(rootKey: dataKey), keyAge: keyAge, remoteKeys: remoteKeys, limits: limits, logger: logger,
                now: now,
                atStep: { [self] in try reached($0) }))
        try await service.reconcileAtStart()
        let server = InProcessServer(
            services: [.execution(service), .keys(KeysHandler([service.exchangeKeys], schedules: KeySchedules()))], authenticator: TestAuthenticator(keys: issuer.keySet), logger: logger)
        return Running(
            mesh: self, database: database, service: service, server: server, auditClient: client, audit: Task { try? await client.run() })
    }

    /// Puts a file of an older schema, with the rows that are there now, in the way of the next process.
    func goBack(to schema: DatabaseSchema) throws {
        let (before, now) = generation.withLock { generation in
            generation += 1
            return (root + "/\(generation - 1)", root + "/\(generation)")
        }
        try FileManager.default.createDirectory(atPath: now, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        _ = try ServiceDatabase(
            folder: now, name: "execution", schema: schema, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try OlderFile(path: "\(now)/execution.sqlite").take(from: "\(before)/execution.sqlite")
    }

    /// Each process has its own copy of what the one before left on disk: nobody waits for that one to let go of its files.
    private func openDatabase(_ logger: Logger) throws -> ServiceDatabase {
        let (before, now) = generation.withLock { generation in
            generation += 1
            return (root + "/\(generation - 1)", root + "/\(generation)")
        }
        try FileManager.default.createDirectory(atPath: now, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in ["execution.sqlite", "execution.sqlite-wal"] where FileManager.default.fileExists(atPath: "\(before)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(before)/\(name)", toPath: "\(now)/\(name)")
        }
        return try ServiceDatabase(folder: now, name: "execution", schema: ExecutionService.schema, logger: logger)
    }
}

extension ExecutionLimits {
    /// Short waits for what tests make fail on purpose.
    static var quick: ExecutionLimits {
        var limits = ExecutionLimits()
        limits.auditPatience = .milliseconds(500)
        limits.queryDelays = [.milliseconds(1), .milliseconds(1)]
        return limits
    }
}

extension PeerIdentity {
    static func service(_ name: String) -> PeerIdentity {
        PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/\(name)", name: name)
    }
}

/// One process of execution, as its callers see it.
struct Running: Sendable {
    let mesh: TestMesh
    let database: ServiceDatabase
    let service: ExecutionService
    let server: InProcessServer
    let auditClient: AuditClient
    let audit: Task<Void, Never>

    func stop() async {
        server.drain()
        audit.cancel()
        await audit.value
    }

    func client(as peer: String) -> ExecutionV1.ExecutionClient {
        ExecutionV1.ExecutionClient(server.channel(as: .service(peer)))
    }

    var keys: KeysV1.KeysClient { KeysV1.KeysClient(server.channel(as: .service("operator"))) }

    private static let scope = ["chat", "order:read", "order:sign", "order:propose", "portfolio:read", "market:read", "exchange:link"]

    func access(_ user: String, methods: [String] = ["pwd", "otp"], more: [String] = []) async throws -> CallOptions {
        .bearer(try await mesh.issuer.access(userID: user, scope: Self.scope + more, methods: methods, sessionID: "s").token)
    }

    func agent(_ user: String) async throws -> CallOptions {
        let access = try await mesh.issuer.access(userID: user, scope: Self.scope, methods: ["pwd", "otp"], sessionID: "s")
        let verified = try await TokenVerifier(environment: "development")
            .verify(access.token, accepting: ["at+jwt"], keys: mesh.issuer.keySet)
        return .bearer(
            try await mesh.issuer.agent(for: verified, scope: ["order:propose", "portfolio:read", "market:read"]).token)
    }

    func signOffToken(_ user: String, _ digest: [UInt8], methods: [String] = ["pwd", "otp"]) async throws -> CallOptions {
        .bearer(try await mesh.issuer.signOff(userID: user, digest: digest, methods: methods).token)
    }

    /// Waits until audit has everything that was told so far.
    func flushAudit() async throws {
        let last = AuditEvent(actor: .operator, action: "kill_switch.set", object: "flush")
        let sequence = try await database.write { db in try auditClient.outbox.append(last, in: db) }
        _ = try await auditClient.acknowledged(sequence, timeout: .seconds(10))
    }

    // MARK: - The usual story

    func linkKey(_ user: String, apiKey: String = "good-key") async throws {
        let gateway = client(as: "gateway")
        let key = try await gateway.createExchangeKey(.init(), options: access(user))
        _ = try await gateway.activateExchangeKey(.init(keyId: key.keyId, apiKey: apiKey), options: access(user))
    }

    /// What the person says, and what the agent makes of it.
    func propose(_ user: String, saying text: String, _ terms: ExecutionV1.ProposeRequest) async throws -> ExecutionV1.Proposal {
        var request = terms
        request.utteranceId = try await client(as: "gateway").registerUtterance(.init(text: text), options: access(user)).utteranceId
        return try await client(as: "agent").propose(request, options: agent(user))
    }

    /// "buy 0.01 BTC at market", proposed faithfully.
    func proposeUsual(_ user: String) async throws -> ExecutionV1.Proposal {
        try await propose(user, saying: "buy 0.01 BTC at market", .usual)
    }

    func sign(_ user: String, _ proposal: ExecutionV1.Proposal, methods: [String] = ["pwd", "otp"]) async throws -> ExecutionV1.Order {
        let token = try await signOffToken(user, proposal.digest, methods: methods)
        return try await signOff(proposal.proposalId, token)
    }

    func signOff(_ proposalID: String, _ token: CallOptions) async throws -> ExecutionV1.Order {
        try #require(try await client(as: "gateway").signOff(.init(proposalId: proposalID), options: token).order)
    }

    func orders(_ user: String) async throws -> [ExecutionV1.Order] {
        try await client(as: "gateway").listOrders(.init(), options: access(user)).orders
    }
}

extension ExecutionV1.ProposeRequest {
    static let usual = ExecutionV1.ProposeRequest(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.01")
}
