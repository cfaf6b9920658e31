import AuditClient
import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import MeshCall
import MeshMessages
import ServiceAPI
import Storage
import Testing

@testable import MarketDataService

/// The service in this process, its folder, and a client that calls it as execution does.
struct RunningMarketData: Sendable {
    let service: MarketData
    let client: MarketDataV1.MarketDataClient
    /// As gateway calls it.
    let readKeys: MarketDataV1.ReadKeysClient
    let database: ServiceDatabase
    let folder: String

    static func run(
        on exchange: ReplayedExchange, permissions: [String] = ["read"], limits: MarketDataLimits = MarketDataLimits(),
        environment: String = "development",
        _ body: @escaping @Sendable (RunningMarketData) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let running = try await start(exchange.baseURL, folder: folder, limits: limits, environment: environment)
            let pem = String(decoding: try #require(FileManager.default.contents(atPath: folder + "/read.pub.pem")), as: UTF8.self)
            let apiKey = try await exchange.register(pem, permissions: permissions)
            try Data((apiKey + "\n").utf8).write(to: URL(filePath: folder + "/api-key"), options: .atomic)
            _ = await running.service.keeper.step()
            try await withThrowingTaskGroup { group in
                group.addTask { try await running.service.run() }
                try await body(running)
                group.cancelAll()
            }
        }
    }

    static func start(
        _ baseURL: String, folder: String, limits: MarketDataLimits = MarketDataLimits(), environment: String = "development"
    ) async throws -> RunningMarketData {
        let database = try ServiceDatabase(folder: folder + "/data", name: "market-data", schema: MarketData.schema, logger: quiet)
        let nobody = InProcessServer(services: [], authenticator: nil, logger: quiet)
        let audit = AuditClient(
            database: database, source: "market-data", channel: nobody.channel(as: peer("market-data")), logger: quiet)
        let service = try await MarketData(
            environment: environment, database: database, outbox: audit.outbox,
            exchange: BinanceClient(baseURL: baseURL, logger: quiet),
            keyFiles: .init(publicKey: folder + "/read.pub.pem", apiKey: folder + "/api-key"),
            cipher: ColumnCipher(rootKey: SymmetricKey(data: Data(repeating: 1, count: 32))), limits: limits, logger: quiet,
            now: { Int64(Date().timeIntervalSince1970 * 1000) })
        let server = InProcessServer(services: service.definitions, authenticator: TestPeople(), logger: quiet)
        return RunningMarketData(
            service: service, client: MarketDataV1.MarketDataClient(server.channel(as: peer("execution"))),
            readKeys: MarketDataV1.ReadKeysClient(server.channel(as: peer("gateway"))), database: database, folder: folder)
    }

    static func peer(_ name: String) -> PeerIdentity {
        PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/\(name)", name: name)
    }

    /// The actions of the audit events that wait in the outbox.
    func auditActions() async throws -> [String] {
        try await database.readAll { db in
            try Data.fetchAll(db, sql: "SELECT record FROM audit_outbox ORDER BY sequence")
        }.map { try AuditV1.Record(packed: Array($0)).action }
    }
}

/// Tokens are the people's names; with `weak:` before it, without a second factor.
struct TestPeople: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        guard accepted.contains(.access) else { throw RPCError(.unauthenticated, "The token is not valid.", reason: "TOKEN_INVALID") }
        let isWeak = token.hasPrefix("weak:")
        let isVerified = token.hasPrefix("verified:")
        return Principal(
            userID: isWeak || isVerified ? String(token.drop { $0 != ":" }.dropFirst()) : token, tokenType: .access,
            scope: Set(["exchange:link", "portfolio:read"] + (isVerified ? ["exchange:live"] : [])),
            methods: isWeak ? ["pwd"] : ["pwd", "otp"], tokenID: "t", expiresAt: .max)
    }
}
