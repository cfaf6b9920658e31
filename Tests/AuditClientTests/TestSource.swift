import AuditClient
import Cryptography
import Foundation
import GRDB
import Logging
import MeshCall
import MeshMessages
import MeshTelemetry
import ServiceAPI
import Storage
import Synchronization

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A service's database with an outbox and one table of its own.
final class TestSource: Sendable {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("outbox-\(UUID().uuidString)").path
    let database: ServiceDatabase

    init() throws {
        let own = DatabaseSchema.Migration("own", sql: "CREATE TABLE things (id INTEGER PRIMARY KEY)")
        database = try ServiceDatabase(
            folder: folder, name: "execution", schema: DatabaseSchema(migrations: [AuditOutbox.migration, own]), logger: quiet)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func client(to log: ScriptedLog = ScriptedLog(), limits: AuditOutbox.Limits = .init()) -> AuditClient {
        let server = InProcessServer(services: [.audit(log)], authenticator: nil, logger: quiet)
        let peer = PeerIdentity(spiffeID: "spiffe://test.cryptopulse.internal/execution", name: "execution")
        let channel = InterceptedChannel(server.channel(as: peer), interceptors: [ClientTelemetry(peer: "audit")])
        return AuditClient(database: database, source: "execution", channel: channel, limits: limits, logger: quiet)
    }

    @discardableResult
    func append(_ client: AuditClient, _ object: String = "p-1", essential: Bool = false) async throws -> UInt64 {
        try await database.write { db in
            try client.outbox.append(
                AuditEvent(actor: .user("alice"), action: "order.intent", object: object), in: db, essential: essential)
        }
    }

    func records() async throws -> [[UInt8]] {
        try await database.readAll { try Data.fetchAll($0, sql: "SELECT record FROM audit_outbox ORDER BY sequence").map { Array($0) } }
    }
}

/// A log in memory that can be told to fail. The real one is tested with the client in AuditServiceTests.
final class ScriptedLog: AuditV1.AuditHandler {
    struct State {
        var records: [[UInt8]] = []
        var calls = 0
        /// Calls that fail before they are stored, and after: the acknowledgement is lost.
        var failing = 0
        var losing = 0
        var lying = false
        /// Of each call, in their order.
        var traces: [UInt128?] = []
    }

    let state: Mutex<State>

    init(_ state: State = State()) {
        self.state = Mutex(state)
    }

    func append(_ request: AuditV1.AppendRequest, context: ServerContext) async throws -> AuditV1.AppendResponse {
        let unavailable = RPCError(.unavailable, "away")
        return try state.withLock { state in
            state.calls += 1
            state.traces.append(context.metadata[TraceParent.headerName].flatMap(TraceParent.init(_:))?.traceID)
            if state.failing > 0 {
                state.failing -= 1
                throw unavailable
            }
            let acknowledgements = request.records.map { record in
                let index = state.records.firstIndex(of: record) ?? state.records.count
                if index == state.records.count { state.records.append(record) }
                let hash = state.lying ? MerkleTree.emptyRoot : MerkleTree.leafHash(record)
                return AuditV1.Acknowledgement(index: UInt64(index), leafHash: hash.bytes)
            }
            if state.losing > 0 {
                state.losing -= 1
                throw unavailable
            }
            return AuditV1.AppendResponse(acknowledgements: acknowledgements)
        }
    }

    func getCheckpoint(_ request: AuditV1.GetCheckpointRequest, context: ServerContext) async throws -> AuditV1.Checkpoint {
        throw RPCError(.unimplemented, "not here")
    }

    func listRecords(_ request: AuditV1.ListRecordsRequest, context: ServerContext) async throws -> AuditV1.ListRecordsResponse {
        throw RPCError(.unimplemented, "not here")
    }
}

/// Runs the client until `body` is done.
func whileRunning<T: Sendable>(_ client: AuditClient, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { group in
        group.addTask {
            try await client.run()
            return nil
        }
        group.addTask { try await body() }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw CancellationError()
    }
}
