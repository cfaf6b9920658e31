import ExecutionService
import GRDB
import ServiceAPI
import Storage
import Testing

@Suite("An execution database of an older version", .timeLimit(.minutes(1)))
struct MigrationTests {
    private static let remoteKeys = "execution 3: exchange keys elsewhere"

    /// The schema of the version before a migration.
    private static func schema(before name: String) throws -> DatabaseSchema {
        var older = ExecutionService.schema
        older.migrations.removeSubrange(try #require(older.migrations.firstIndex { $0.name == name })...)
        return older
    }

    private static func rows(_ sql: String, in running: Running) async throws -> [[String]] {
        try await running.database.readAll { try Row.fetchAll($0, sql: sql).map { $0.databaseValues.map(\.description) } }
    }

    /// What people have in it, in columns that every version has.
    private static func people(_ running: Running) async throws -> [[String]] {
        var all: [[String]] = []
        for sql in [
            "SELECT id, user_id, state, hex(private_key_sealed), hex(api_key_sealed), created_ms, activated_ms, retired_ms, revoked_ms FROM exchange_keys ORDER BY id",
            "SELECT client_order_id, user_id, proposal_id, exchange_key_id, state, hex(canonical), audit_sequence FROM orders ORDER BY client_order_id",
            "SELECT id, user_id, state, hex(canonical), hex(findings_sealed), expires_ms FROM proposals ORDER BY id",
            "SELECT hex(nonce), user_id, proposal_id FROM burned_nonces ORDER BY nonce", "SELECT * FROM fills ORDER BY client_order_id, trade_id",
        ] { all += try await rows(sql, in: running) }
        return all
    }

    @Test("Rows of the version before keys could lie elsewhere are all there, and each key, order and proposal of them is of use")
    func beforeRemoteKeys() async throws {
        let mesh = try TestMesh()
        let limit = ExecutionV1.ProposeRequest(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000")
        let (before, old, waiting, order, proposal) = try await mesh.run { running in
            _ = try await running.linkKey(ann)
            _ = try await running.sign(ann, try await running.proposeUsual(ann))
            let order = try await running.sign(ann, try await running.propose(ann, saying: "buy 0.01 BTC at 39000", limit))
            let proposal = try await running.proposeUsual(ann)
            let waiting = try await running.client(as: "gateway").createExchangeKey(.init(), options: running.access(bob)).keyId
            try await running.flushAudit()
            return (try await Self.people(running), try await activeKey(running), waiting, order.clientOrderId, proposal)
        }
        let older = try Self.schema(before: Self.remoteKeys)
        #expect(older.migrations.contains { $0.name.hasPrefix("execution 2") } && !older.migrations.contains { $0.name.hasPrefix("execution 4") })
        try mesh.goBack(to: older)
        try await mesh.run { running in
            #expect(try await Self.people(running) == before && before.count > 6)
            let columns = try await running.database.readAll { db in try db.columns(in: "exchange_keys").map(\.name) }
            #expect(columns.contains("remote_key") && columns.contains("made_ms"))
            // Keys of old are here, and were made.
            let keys = try await Self.rows("SELECT remote_store IS NULL, made_ms = created_ms FROM exchange_keys", in: running)
            #expect(keys == [["1", "1"], ["1", "1"]])
            #expect(try await running.sign(ann, proposal).state == .filled)
            let access = try await running.access(bob)
            _ = try await running.client(as: "gateway").activateExchangeKey(.init(keyId: waiting, apiKey: "other-key"), options: access)
            #expect(try await running.sign(bob, try await running.proposeUsual(bob)).state == .filled)
            let answer = try await revoke(old, in: running)
            #expect(answer.notes == ["Order \(order) was cancelled."] && answer.key?.state == "gone")
        }
    }
}
