internal import AuditClient
internal import Exchange
internal import KeyManagement
internal import Logging
internal import SecretStores
internal import ServiceAPI
public import ServiceKit
internal import Storage

/// How the `execution` process is put together.
public enum ExecutionServiceProgram {
    /// An order request is given up, and asked about, while the caller still waits.
    private static let orderTimeout: Duration = .seconds(6)

    /// Opens the database, finds out what became of earlier orders, and hands over what is to run.
    ///
    /// - Throws: when settings, secrets or database cannot be used.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let options = try context.settings.options(as: ExecutionOptions.self)
        let place = try place(of: options.exchange.baseURL, in: context.settings.environment)
        let remoteKeys = try options.tradeKeys?.open(in: context.settings.environment)
        let database = try context.openDatabase(ExecutionService.schema)
        let audit = AuditClient(
            database: database, source: ExecutionNames.service, channel: try context.channel(to: ExecutionNames.audit),
            logger: context.logger)
        let exchange = BinanceClient(
            place, rootsPath: options.exchange.rootsPath, limits: ExchangeLimits(orderTimeout: orderTimeout), logger: context.logger)
        let keys = context.settings.keys
        let (data, wrapping) = try await DataKeyring.open(
            [DataKeyring.columns], in: context.keyringPlace(database), schedule: keys[.dataEncryption],
            inherit: DataKeyring.inheritColumns(of: ExecutionSchema.sealedTables))
        let service = ExecutionService(
            ExecutionDependencies(
                environment: context.settings.environment, database: database, audit: audit,
                marketData: try context.channel(to: ExecutionNames.marketData), exchange: exchange, policy: try options.riskPolicy(),
                cipher: try data.cipher(DataKeyring.columns), keyAge: keys[.exchangeTrade].age, remoteKeys: remoteKeys, logger: context.logger))
        try await service.reconcileAtStart()
        return RunningService(
            definitions: [.execution(service)], keys: [wrapping, service.exchangeKeys],
            background: [audit, BackgroundTask("reconciliation") { try await service.runReconciliation() }],
            readiness: { database.failure.map { _ in "the database has failed" } })
    }

    private static func place(of baseURL: String, in environment: String) throws -> ExchangePlace {
        do {
            return try ExchangePlace(baseURL, in: environment)
        } catch {
            throw StartUpError.settings("options.exchange.baseURL: \(error)")
        }
    }
}
