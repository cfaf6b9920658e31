import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Secrets
import Trading

/// What a real exchange does on its web pages: accounts, deposits and the registering of keys. Needs the operator's token.
struct OperatorPages: Sendable {
    let exchange: SandboxExchange
    let token: @Sendable () async throws -> SecretBytes

    private static let maximumBody = 64 << 10
    private static let maximumAssets = 50
    /// Binance's own limit of addresses for one key.
    private static let maximumAddresses = 30

    struct NewAccount: Decodable {
        /// Amounts by asset, as decimals.
        var balances: [String: String]?
    }

    struct AccountMade: Encodable {
        let accountId: String
    }

    struct NewKey: Decodable {
        var type: String
        /// Ed25519 only: SubjectPublicKeyInfo, PEM.
        var publicKey: String?
        /// `read`, `trade`, `withdraw`; the latter two include the first.
        var permissions: [String]
        /// From where the key is taken; from anywhere when absent.
        var ipAddresses: [String]?
        var label: String?
    }

    struct KeyMade: Encodable {
        let apiKey: String
        /// HMAC only; shown once.
        let secretKey: String?
    }

    struct MarketState: Encodable {
        let serverTime: Int64
        let marketTime: Int64
        let speed: Int64
        let symbols: [String]
    }

    func add(to router: Router<SandboxContext>) {
        page(router, .post, "/sandbox/v1/accounts") { body, _ in try await makeAccount(Self.decode(body)) }
        page(router, .post, "/sandbox/v1/accounts/:account/keys") { body, parameters in
            try await makeKey(Self.decode(body), account: Self.account(parameters))
        }
        page(router, .delete, "/sandbox/v1/accounts/:account/keys/:key") { _, parameters in
            try await revoke(parameters.get("key") ?? "", account: Self.account(parameters))
        }
        page(router, .post, "/sandbox/v1/accounts/:account/deposits") { body, parameters in
            try await deposit(Self.decode(body), account: Self.account(parameters))
        }
        page(router, .get, "/sandbox/v1/market") { _, _ in
            MarketState(
                serverTime: exchange.serverTime, marketTime: exchange.marketTime, speed: exchange.clock.speed, symbols: exchange.symbols)
        }
    }

    private func page(
        _ router: Router<SandboxContext>, _ method: HTTPRequest.Method, _ path: RouterPath,
        _ work: @escaping @Sendable (ByteBuffer, Parameters) async throws -> any Encodable & Sendable
    ) {
        router.on(path, method: method) { request, context in
            guard try await isOperator(request) else { return Response(status: .unauthorized) }
            do {
                let body = try await request.body.collect(upTo: Self.maximumBody)
                return try JSONResponse.make(try await work(body, context.parameters))
            } catch let fault as ExchangeFault {
                return JSONResponse.make(fault)
            } catch is DecodingError {
                return JSONResponse.make(.badData("body"))
            }
        }
    }

    private func isOperator(_ request: Request) async throws -> Bool {
        guard let name = HTTPField.Name("X-Sandbox-Operator"), let shown = request.headers[name] else { return false }
        return SecretBytes(copying: Array(shown.utf8)) == (try await token())
    }

    private static func decode<Body: Decodable>(_ body: ByteBuffer) throws -> Body {
        try JSONDecoder().decode(Body.self, from: Data(body.readableBytesView))
    }

    private static func account(_ parameters: Parameters) throws -> Int64 {
        guard let account = parameters.get("account").flatMap({ Int64($0) }) else { throw ExchangeFault.badData("account") }
        return account
    }

    private func makeAccount(_ request: NewAccount) async throws -> AccountMade {
        let wallet = try Self.wallet(request.balances ?? [:])
        let now = exchange.serverTime
        let id = try await exchange.transact { try $0.transaction.addAccount(wallet, at: now) }
        return AccountMade(accountId: "\(id)")
    }

    private func deposit(_ amounts: [String: String], account: Int64) async throws -> EmptyAnswer {
        let added = try Self.wallet(amounts)
        try await exchange.transact { desk in
            guard try desk.transaction.hasAccount(account) else { throw ExchangeFault.badData("account") }
            var wallet = try desk.transaction.wallet(of: account)
            for (asset, balance) in added.balances { try wallet.deposit(balance.free, of: asset) }
            try desk.transaction.save(wallet, of: account)
        }
        return EmptyAnswer()
    }

    private static func wallet(_ amounts: [String: String]) throws -> Wallet {
        guard amounts.count <= maximumAssets else { throw ExchangeFault.badData("balances") }
        var wallet = Wallet()
        for (asset, text) in amounts {
            let isAsset = (1...12).contains(asset.utf8.count) && asset.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber) }
            guard isAsset, let amount = try? Decimal(plain: text), !amount.isNegative else { throw ExchangeFault.badData("balances") }
            try wallet.deposit(amount, of: asset)
        }
        return wallet
    }

    private func makeKey(_ request: NewKey, account: Int64) async throws -> KeyMade {
        let rights = try Self.rights(request)
        let label = String((request.label ?? "").prefix(100))
        let secret = request.type == "hmac" ? KeyVault.randomText() : nil
        let key: APIKey
        switch (request.type, request.publicKey) {
        case ("hmac", nil): key = try exchange.vault.register(hmac: secret ?? "", account: account, rights: rights, label: label)
        case ("ed25519", let pem?):
            do {
                key = try exchange.vault.register(ed25519: pem, account: account, rights: rights, label: label)
            } catch is KeyVault.Failure {
                throw ExchangeFault.badData("publicKey")
            }
        default: throw ExchangeFault.badData("type")
        }
        let now = exchange.serverTime
        try await exchange.transact { desk in
            guard try desk.transaction.hasAccount(account) else { throw ExchangeFault.badData("account") }
            try desk.transaction.add(key, at: now)
        }
        return KeyMade(apiKey: key.apiKey, secretKey: secret)
    }

    private static func rights(_ request: NewKey) throws -> APIKey.Rights {
        guard !request.permissions.isEmpty, Set(request.permissions).isSubset(of: ["read", "trade", "withdraw"]) else {
            throw ExchangeFault.badData("permissions")
        }
        let addresses = Set(request.ipAddresses ?? [])
        guard addresses.count <= maximumAddresses, addresses.allSatisfy({ (try? SocketAddress(ipAddress: $0, port: 0)) != nil }) else {
            throw ExchangeFault.badData("ipAddresses")
        }
        let rights = APIKey.Rights(
            canTrade: request.permissions.contains("trade"), canWithdraw: request.permissions.contains("withdraw"), addresses: addresses)
        guard rights.isAllowed else { throw ExchangeFault.badData("ipAddresses") }
        return rights
    }

    private func revoke(_ apiKey: String, account: Int64) async throws -> EmptyAnswer {
        let now = exchange.serverTime
        guard try await exchange.transact({ try $0.transaction.revokeKey(apiKey, of: account, at: now) }) else {
            throw ExchangeFault(status: 404, code: -1130, message: "No such key.")
        }
        return EmptyAnswer()
    }
}
