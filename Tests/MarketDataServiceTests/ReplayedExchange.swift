import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import SandboxExchange
import Secrets
import Storage
import Synchronization
import Testing

/// Wall time that stands still until it is moved.
final class ManualClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_790_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }

    func advance(by milliseconds: Int64) {
        self.milliseconds.withLock { $0 += milliseconds }
    }
}

/// The sandbox exchange on a free port, as a service would meet it.
struct ReplayedExchange: Sendable {
    let baseURL: String
    private let client: any TestClientProtocol
    private static let token = "operator"

    static func run(
        _ configuration: SandboxConfiguration, clock: ManualClock = ManualClock(),
        _ body: @escaping @Sendable (ReplayedExchange) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let database = try ServiceDatabase(folder: folder, name: "sandbox", schema: SandboxExchange.schema, logger: quiet)
            let exchange = try await SandboxExchange(
                configuration: configuration, database: database, cipher: ColumnCipher(rootKey: SymmetricKey(size: .bits256)),
                wallTime: { clock.now * 1000 })
            let app = Application(responder: exchange.responder(operatorToken: SecretBytes(copying: Array(token.utf8))), logger: quiet)
            try await app.test(.live) { client in
                try await body(ReplayedExchange(baseURL: "http://localhost:\(try #require(client.port))", client: client))
            }
        }
    }

    /// Registers a public key for a new account.
    ///
    /// - Returns: the API key.
    func register(_ publicKeyPEM: String, permissions: [String], balances: [String: String] = [:]) async throws -> String {
        struct Account: Codable { var accountId: String }
        struct Key: Codable { var apiKey: String }
        struct Request: Codable {
            var type = "ed25519"
            var publicKey: String
            var permissions: [String]
            /// The exchange lets no key withdraw from anywhere.
            var ipAddresses = ["127.0.0.1", "::1"]
        }
        let account: Account = try await post("/sandbox/v1/accounts", ["balances": balances])
        let key: Key = try await post(
            "/sandbox/v1/accounts/\(account.accountId)/keys", Request(publicKey: publicKeyPEM, permissions: permissions))
        return key.apiKey
    }

    func trader(_ balances: [String: String]) async throws -> BinanceClient {
        let pair = Curve25519.Signing.PrivateKey()
        let apiKey = try await register(PublicKeyPEM.encode(pair.publicKey), permissions: ["trade"], balances: balances)
        return BinanceClient(
            baseURL: baseURL, credential: ExchangeCredential(apiKey: apiKey, signer: Ed25519RequestSigner(pair)), logger: quiet)
    }

    private func post<Answer: Decodable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        let name = try #require(HTTPField.Name("X-Sandbox-Operator"))
        let response = try await client.execute(
            uri: path, method: .post, headers: [name: Self.token], body: ByteBuffer(bytes: Array(try JSONEncoder().encode(body))))
        try #require(response.status == .ok)
        return try JSONDecoder().decode(Answer.self, from: Data(response.body.readableBytesView))
    }
}

let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.path + "/market-data-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
