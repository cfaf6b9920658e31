import AuditClient
import Exchange
import FoundationEssentials
import KeyManagement
public import ServiceKit
import Storage

/// `market-data`: what the exchange shows to anybody, and what it shows to people of their own accounts.
public enum MarketDataServiceProgram {
    /// - Throws: settings, secret or storage errors, each saying what to repair.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let settings = context.settings
        let options = try settings.options(as: MarketDataOptions.self)
        let place = try place(of: options.exchange.baseURL, in: settings.environment)
        let database = try context.openDatabase(MarketData.schema)
        let audit = AuditClient(
            database: database, source: settings.service, channel: try context.channel(to: "audit"), logger: context.logger)
        let (data, wrapping) = try await DataKeyring.open(
            [DataKeyring.columns], in: context.keyringPlace(database), schedule: settings.keys[.dataEncryption],
            inherit: DataKeyring.inheritColumns(of: MarketDataSchema.sealedTables))
        let service = try await MarketData(
            environment: settings.environment, database: database, outbox: audit.outbox,
            exchange: BinanceClient(place, rootsPath: options.exchange.rootsPath, logger: context.logger),
            keyFiles: .init(
                publicKey: settings.runFolder + "/exchange-read.pub.pem", apiKey: settings.runFolder + "/exchange-api-key"),
            cipher: try data.cipher(DataKeyring.columns), logger: context.logger,
            now: { Int64(Date().timeIntervalSince1970 * 1000) })
        return RunningService(
            definitions: service.definitions, keys: [wrapping] + service.exchangeKeys,
            background: [audit, BackgroundTask("market data") { try await service.run() }],
            readiness: { database.failure == nil ? service.problem : "the database failed" })
    }

    private static func place(of baseURL: String, in environment: String) throws -> ExchangePlace {
        do {
            return try ExchangePlace(baseURL, in: environment)
        } catch {
            throw StartUpError.settings("options.exchange.baseURL: \(error)")
        }
    }
}
