import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Secrets
import Storage
import Testing
import Trading

@testable import SandboxExchange

/// A sandbox exchange on a free port of this machine, with a folder of its own.
struct RunningSandbox: Sendable {
    static let operatorToken = "operator-token-of-the-tests"

    let exchange: SandboxExchange
    let baseURL: String

    /// Wall time as microseconds since 1970.
    static let systemTime: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }

    static func run(
        _ configuration: SandboxConfiguration = SandboxConfiguration(), wallTime: @escaping @Sendable () -> Int64 = systemTime,
        _ body: @escaping @Sendable (RunningSandbox) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await run(configuration, folder: folder, wallTime: wallTime, body)
        }
    }

    static func run(
        _ configuration: SandboxConfiguration, folder: String, wallTime: @escaping @Sendable () -> Int64 = systemTime,
        _ body: @escaping @Sendable (RunningSandbox) async throws -> Void
    ) async throws {
        let exchange = try await open(configuration, folder: folder, wallTime: wallTime)
        let app = Application(responder: exchange.responder(operatorToken: SecretBytes(copying: Array(operatorToken.utf8))), logger: quiet)
        try await app.test(.live) { client in
            let port = try #require(client.port)
            try await body(RunningSandbox(exchange: exchange, baseURL: "http://localhost:\(port)"))
        }
        // A connection's task may outlive the server by a moment, and with it the last reference to the database.
        try exchange.database.close()
    }

    static func open(
        _ configuration: SandboxConfiguration, folder: String, wallTime: @escaping @Sendable () -> Int64 = systemTime,
        cipher: ColumnCipher = ColumnCipher(rootKey: SymmetricKey(data: Data(repeating: 7, count: 32)))
    ) async throws -> SandboxExchange {
        let database = try ServiceDatabase(folder: folder, name: "sandbox", schema: SandboxExchange.schema, logger: quiet)
        return try await SandboxExchange(
            configuration: configuration, database: database, cipher: cipher, wallTime: wallTime)
    }

    static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return logger
    }()

    /// An account with these balances and an Ed25519 key for it.
    func credential(_ balances: [String: Trading.Decimal], canTrade: Bool = true) async throws -> ExchangeCredential {
        try await credential(balances, rights: APIKey.Rights(canTrade: canTrade))
    }

    func credential(_ balances: [String: Trading.Decimal], rights: APIKey.Rights) async throws -> ExchangeCredential {
        let account = try await account(balances)
        let pair = Curve25519.Signing.PrivateKey()
        let key = try exchange.vault.register(
            ed25519: PublicKeyPEM.encode(pair.publicKey), account: account, rights: rights, label: "test")
        try await exchange.transact { try $0.transaction.add(key, at: 0) }
        return ExchangeCredential(apiKey: key.apiKey, signer: Ed25519RequestSigner(pair))
    }

    func account(_ balances: [String: Trading.Decimal]) async throws -> Int64 {
        var wallet = Wallet()
        for (asset, amount) in balances { try wallet.deposit(amount, of: asset) }
        return try await exchange.transact { [wallet] in try $0.transaction.addAccount(wallet, at: 0) }
    }

    func client(_ credential: ExchangeCredential? = nil, limits: ExchangeLimits = .default) -> BinanceClient {
        BinanceClient(baseURL: baseURL, credential: credential, limits: limits, logger: Self.quiet)
    }
}

func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.path + "/sandbox-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
