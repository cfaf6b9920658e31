internal import AuditClient
internal import KeyManagement
internal import MeshCall
internal import ServiceAPI
public import ServiceKit
internal import Storage

/// What the `agent` executable runs.
public enum AgentServiceProgram {
    static let defaultSymbols = ["BTCUSDT", "ETHUSDT"]

    /// - Throws: settings, secret or storage errors, each saying what to repair.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let settings = context.settings
        let options = try settings.options(as: AgentOptions.self)
        let database = try context.openDatabase(
            DatabaseSchema(migrations: [AuditOutbox.migration, KeyHistoryTable.migration, KeyHistoryTable.requests]))
        let audit = AuditClient(database: database, source: settings.service, channel: try context.channel(to: "audit"), logger: context.logger)
        var keys: [any ManagedKeys] = []
        var model: any ChatModel = RuleBasedAnalyst(symbols: options.symbols ?? defaultSymbols)
        if let chosen = options.model {
            let language = try await LanguageModel(
                chosen, schedule: settings.keys[.languageModel], in: context.keyringPlace(database), logger: context.logger)
            (model, keys) = (language.model, [language.keyring])
        }
        let handler = ChatHandler(
            model: model, marketData: try context.channel(to: "market-data"), execution: try context.channel(to: "execution"),
            journal: AuditJournal(database: database, outbox: audit.outbox))
        return RunningService(
            definitions: [.agent(handler)], keys: keys, background: [audit], readiness: { database.failure.map { "\($0)" } })
    }
}
