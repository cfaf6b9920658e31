public import ServiceKit
internal import AuditClient
internal import ServiceAPI
internal import MeshCall
internal import Storage

/// What the `agent` executable runs.
public enum AgentServiceProgram {
    /// The agent's part of its settings.
    struct Options: Decodable {
        /// Markets that the analyst speaks of.
        var symbols: [String]?
    }

    static let defaultSymbols = ["BTCUSDT", "ETHUSDT"]

    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let options = try context.settings.options(as: Options.self)
        let database = try context.openDatabase(DatabaseSchema(migrations: [AuditOutbox.migration]))
        let audit = AuditClient(
            database: database, source: context.settings.service, channel: try context.channel(to: "audit"), logger: context.logger)
        let handler = ChatHandler(
            model: RuleBasedAnalyst(symbols: options.symbols ?? defaultSymbols), marketData: try context.channel(to: "market-data"),
            execution: try context.channel(to: "execution"), journal: AuditJournal(database: database, outbox: audit.outbox))
        return RunningService(
            definitions: [.agent(handler)], background: [audit], readiness: { database.failure.map { "\($0)" } })
    }
}
