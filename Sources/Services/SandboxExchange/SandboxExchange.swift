public import Cryptography
import KeyManagement
import NIOConcurrencyHelpers
public import Storage

/// An exchange with Binance Spot's REST interface over recorded or generated prices.
///
/// Its clock (`serverTime`, request timestamps, rate limits) is wall time. Prices, orders and trades live in market time: the same with
/// generated prices, the recording's own with a candle file (`MarketClock`). So a trade's time always names the candle it belongs to.
public final class SandboxExchange: Sendable {
    let configuration: SandboxConfiguration
    let database: ServiceDatabase
    let markets: [String: Market]
    let clock: MarketClock
    let vault: KeyVault
    let weights: NIOLockedValueBox<WeightMeter>
    let orderCounts: NIOLockedValueBox<OrderMeter>
    let wallTime: @Sendable () -> Int64

    /// - Parameters:
    ///   - database: opened with `SandboxExchange.schema`.
    ///   - cipher: seals the material of API keys.
    ///   - wallTime: microseconds since 1970.
    /// - Throws: `CandleFile.Failure` for a candle file that cannot be used; storage errors.
    public init(
        configuration: SandboxConfiguration, database: ServiceDatabase, cipher: ColumnCipher, wallTime: @escaping @Sendable () -> Int64
    ) async throws {
        self.configuration = configuration
        self.database = database
        self.wallTime = wallTime
        let listing = try Listing(configuration)
        markets = listing.markets
        clock = try await listing.clock(wall: wallTime() / 1000, database: database)
        vault = KeyVault(cipher: cipher)
        weights = NIOLockedValueBox(WeightMeter(limits: .init(weightPerMinute: configuration.weightPerMinute)))
        orderCounts = NIOLockedValueBox(OrderMeter(limits: .init(perTenSeconds: configuration.ordersPerTenSeconds)))
    }

    public static let schema = SandboxSchema.schema

    /// What seals API key material, and the key from the secret store that wraps it. A database of an earlier release was sealed by the latter.
    static func openDataKeys(in place: KeyringPlace, schedule: KeySchedule) async throws -> (data: DataKeyring, wrapping: StoredKeyring) {
        try await DataKeyring.open(
            [DataKeyring.columns], in: place, schedule: schedule, inherit: DataKeyring.inheritColumns(of: ["api_key"]))
    }

    /// The exchange's clock, milliseconds since 1970.
    var serverTime: Int64 { wallTime() / 1000 }

    /// Milliseconds since 1970.
    var marketTime: Int64 { clock.marketTime(wall: serverTime) }

    /// Runs one transaction on the books.
    func transact<Result: Sendable>(_ body: @Sendable (TradingDesk) throws -> Result) async throws -> Result {
        let (markets, now) = (markets, marketTime)
        return try await database.write { db in
            try body(TradingDesk(transaction: SandboxTransaction(db: db), markets: markets, now: now))
        }
    }

    func market(_ symbol: String) throws -> Market {
        guard let market = markets[symbol] else { throw ExchangeFault.badSymbol }
        return market
    }

    /// Symbols in the order in which they are listed.
    var symbols: [String] { markets.keys.sorted() }
}
