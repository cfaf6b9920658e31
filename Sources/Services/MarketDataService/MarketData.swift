public import AuditClient
public import Cryptography
public import Exchange
public import KeyManagement
public import Logging
public import MeshCall
import ServiceAPI
public import Storage

/// Everything that `market-data` is made of, joined.
public struct MarketData: Sendable {
    /// The life of its own key and of people's, for the operator.
    public let exchangeKeys: [any ManagedKeys]
    let keeper: ReadKeyKeeper
    private let hub: TickerHub
    private let handlers: MarketDataHandlers
    private let readKeys: ReadKeysHandlers
    let pendingKeys: PendingKeys
    private let expiryInterval: Duration
    private let logger: Logger

    public static let schema = MarketDataSchema.schema

    /// Where the read key's two halves meet the outside.
    public struct KeyFiles: Sendable {
        /// Written here: the public key, PEM.
        public var publicKey: String
        /// Read from here when it appears: the API key that the exchange gave for it. Emptied once the key is kept.
        public var apiKey: String

        public init(publicKey: String, apiKey: String) {
            self.publicKey = publicKey
            self.apiKey = apiKey
        }
    }

    /// - Parameters:
    ///   - environment: in production only verified persons may link their keys.
    ///   - database: opened with `schema`.
    ///   - exchange: without a credential.
    ///   - cipher: seals the read key.
    ///   - now: milliseconds since 1970.
    public init(
        environment: String, database: ServiceDatabase, outbox: AuditOutbox, exchange: BinanceClient, keyFiles: KeyFiles, cipher: ColumnCipher,
        limits: MarketDataLimits = MarketDataLimits(), logger: Logger, now: @escaping @Sendable () -> Int64
    ) async throws {
        let journal = KeyJournal(database: database, outbox: outbox, logger: logger)
        let keeper = try await ReadKeyKeeper.open(
            .init(
                exchange: exchange, table: ReadKeyTable(cipher: cipher),
                handover: APIKeyHandover(path: keyFiles.apiKey, database: database, cipher: cipher), publicKeyPath: keyFiles.publicKey,
                journal: journal, now: now),
            limits: limits, logger: logger)
        let reader = ExchangeReader(current: { try keeper.current() }, refused: { await keeper.refused($0) })
        let hub = TickerHub(exchange: reader, limits: limits, now: now)
        self.keeper = keeper
        self.hub = hub
        let people = PersonKeyring(database: database, outbox: outbox, now: now)
        pendingKeys = PendingKeys(database: database, outbox: outbox, limits: limits, now: now)
        expiryInterval = limits.pendingKeyRecheck
        self.logger = logger
        exchangeKeys = [MarketKeyring(keeper: keeper), people]
        readKeys = ReadKeysHandlers(
            keys: PersonKeys(
                environment: environment, database: database, outbox: outbox, store: PersonKeyStore(cipher: cipher), pending: pendingKeys,
                exchange: exchange, now: now),
            keyring: people)
        handlers = MarketDataHandlers(
            prices: PriceDesk(exchange: reader, limits: limits, now: now),
            candles: CandleDesk(exchange: reader, store: CandleStore(database: database), limits: limits), tickers: hub)
    }

    public var definitions: [ServiceDefinition] { [.marketData(handlers), .readKeys(readKeys)] }

    /// Why it cannot serve; nil when it can.
    public var problem: String? { keeper.problem }

    /// Looks for the exchange key, reads for the streams, and ends people's keys that nobody activates; until cancelled.
    public func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await keeper.run() }
            group.addTask { try await hub.run() }
            group.addTask { try await expireKeys() }
            try await group.waitForAll()
        }
    }

    private func expireKeys() async throws {
        while true {
            do {
                try await pendingKeys.expireAll()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.error("keys that wait for activation were not looked at", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: expiryInterval)
        }
    }
}
