public import AuditClient
public import Cryptography
public import Exchange
internal import FoundationEssentials
public import KeyManagement
public import Logging
public import MeshCall
public import Secrets
public import Storage
public import Trading

/// What execution is made of.
public struct ExecutionDependencies: Sendable {
    /// `development`, `staging` or `production`; stands in every signed order.
    public var environment: String
    public var database: ServiceDatabase
    public var audit: AuditClient
    /// To `market-data`.
    public var marketData: any CallChannel
    public var exchange: any ExchangeAccess
    public var policy: RiskPolicy
    public var limits: ExecutionLimits
    public var logger: Logger
    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64
    /// Told of each step of a dispatch; what it throws ends the dispatch there, as the process's death would. For tests.
    public var atStep: @Sendable (DispatchStep) throws -> Void
    let cipher: ColumnCipher
    let keyAge: KeyAge
    let keyHolder: TradeKeyHolder

    /// - Parameters:
    ///   - cipher: seals the person's words and keys in the database.
    ///   - keyAge: how long a person's key may be in use.
    ///   - remoteKeys: where new keys are made, and old ones are; nil: in this process.
    ///   - now: nil means the system's clock.
    public init(
        environment: String, database: ServiceDatabase, audit: AuditClient, marketData: any CallChannel, exchange: any ExchangeAccess,
        policy: RiskPolicy, cipher: ColumnCipher, keyAge: KeyAge = KeyAge(), remoteKeys: (any RemoteKeyStore)? = nil,
        limits: ExecutionLimits = ExecutionLimits(), logger: Logger,
        now: (@Sendable () -> Int64)? = nil,
        atStep: @escaping @Sendable (DispatchStep) throws -> Void = { _ in }
    ) {
        self.environment = environment
        self.database = database
        self.audit = audit
        self.marketData = marketData
        self.exchange = exchange
        self.policy = policy
        self.cipher = cipher
        self.keyAge = keyAge
        keyHolder = TradeKeyHolder(environment: environment, remote: remoteKeys)
        self.limits = limits
        self.logger = logger
        self.now = now ?? { Int64(Date().timeIntervalSince1970 * 1000) }
        self.atStep = atStep
    }

    var utterances: UtteranceStore { UtteranceStore(cipher: cipher) }
    var proposals: ProposalStore { ProposalStore(cipher: cipher) }
    var keys: ExchangeKeyStore { ExchangeKeyStore(cipher: cipher) }
}

/// The exchange, as execution needs it.
public protocol ExchangeAccess: Sendable {
    /// The filters of these symbols.
    ///
    /// - Throws: `ExchangeError`.
    func rules(of symbols: [Symbol]) async throws -> [SymbolRules]
    /// The account behind a key.
    ///
    /// - Parameter lastLook: asked right before an order goes out; what it throws means that it is not sent.
    func trading(apiKey: String, signer: any RequestSigner, lastLook: (@Sendable () async throws -> Void)?) -> any TradingExchange
}

extension BinanceClient: ExchangeAccess {
    public func rules(of symbols: [Symbol]) async throws -> [SymbolRules] {
        try await symbolRules(symbols.map(\.name))
    }

    public func trading(apiKey: String, signer: any RequestSigner, lastLook: (@Sendable () async throws -> Void)?) -> any TradingExchange {
        with(credential: ExchangeCredential(apiKey: apiKey, signer: signer, lastLook: lastLook))
    }
}

/// The steps of a sign-off after which a process may die.
public enum DispatchStep: Sendable, Hashable, CaseIterable {
    /// The nonce is burned and the intent is durable.
    case burned
    /// Audit has acknowledged the intent.
    case acknowledged
    /// The order is marked as sent, or about to be.
    case marked
    /// The exchange has answered; the answer is not yet kept.
    case answered
}
