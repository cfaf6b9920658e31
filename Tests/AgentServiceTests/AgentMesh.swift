import AuditClient
import Foundation
import Logging
import MeshCall
import MeshMessages
import ServiceAPI
import Storage
import Synchronization

@testable import AgentService

/// The agent between small peers, all behind the real policy: calls reach them only with a token that the policy takes.
struct AgentMesh {
    let market = TestMarket()
    let book = TestBook()
    let log = TestLog()
    private let servers: [InProcessServer]
    private let folder: URL
    private let audit: AuditClient
    private let agentChannel: any CallChannel

    init(model: any ChatModel = RuleBasedAnalyst(symbols: ["BTCUSDT", "ETHUSDT"]), limits: AgentLimits = AgentLimits()) throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let people = TestPeople()
        let peers = InProcessServer(
            services: [.marketData(market), .execution(book), .audit(log)], authenticator: people, logger: logger)
        let toPeers = peers.channel(as: Self.peer("agent"))
        folder = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let database = try ServiceDatabase(
            folder: folder.path, name: "agent", schema: DatabaseSchema(migrations: [AuditOutbox.migration]), logger: logger)
        audit = AuditClient(database: database, source: "agent", channel: toPeers, logger: logger)
        let handler = ChatHandler(
            model: model, marketData: toPeers, execution: toPeers, journal: AuditJournal(database: database, outbox: audit.outbox),
            limits: limits)
        let agent = InProcessServer(services: [.agent(handler)], authenticator: people, logger: logger)
        servers = [peers, agent]
        agentChannel = agent.channel(as: Self.peer("gateway"))
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    static func peer(_ name: String) -> PeerIdentity {
        PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/\(name)", name: name)
    }

    /// Chats as gateway does, with a narrowed token of the person.
    func chat(_ text: String, as person: String = "ada", utterance: String = "u-1") async throws -> [AgentV1.ChatEvent.Event] {
        let client = AgentV1.AgentClient(agentChannel)
        var events: [AgentV1.ChatEvent.Event] = []
        for try await event in try await client.chat(.init(utteranceId: utterance, text: text), options: .bearer("agent-\(person)")) {
            if let event = event.event { events.append(event) }
        }
        return events
    }

    /// Sends what waits in the outbox to the log and returns the log's records, at least `count` of them.
    func auditRecords(_ count: Int) async throws -> [AuditV1.Record] {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await audit.run() }
            if count > 0 { _ = try await audit.acknowledged(UInt64(count), timeout: .seconds(10)) }
            group.cancelAll()
        }
        return try log.records.withLock { $0 }.map { try AuditV1.Record(packed: $0) }
    }
}

extension [AgentV1.ChatEvent.Event] {
    var text: String {
        map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }

    var tools: [AgentV1.ToolUse] {
        compactMap { if case .tool(let use) = $0 { use } else { nil } }
    }

    var proposals: [String] {
        compactMap { if case .proposal(let made) = $0 { made.proposalId } else { nil } }
    }
}
