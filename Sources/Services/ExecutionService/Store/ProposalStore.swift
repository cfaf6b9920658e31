internal import Cryptography
internal import FoundationEssentials
internal import GRDB
internal import Trading

/// A proposal as it is kept. What it says stands in `canonical` alone.
struct StoredProposal: Sendable {
    var id: String
    var user: String
    var state: ProposalState
    var canonical: [UInt8]
    var findings: [FieldFinding]
    /// Empty when signing off needs no one-time code.
    var secondFactorReason: String
    var createdMilliseconds: Int64
    var expiresMilliseconds: Int64

    var digest: OrderDigest { OrderDigest(of: canonical) }
    var life: ProposalLife { ProposalLife(state: state, expiresAtMilliseconds: expiresMilliseconds) }
}

struct ProposalStore: Sendable {
    let cipher: ColumnCipher

    private struct SealedFinding: Codable {
        var field: String
        var provenance: String
        var source: String
    }

    private func address(_ id: String) -> ColumnAddress {
        ColumnAddress(table: "proposals", column: "findings_sealed", row: id)
    }

    func insert(_ proposal: StoredProposal, utterance: String, in db: Database) throws {
        let findings = proposal.findings.map {
            SealedFinding(field: $0.field.rawValue, provenance: $0.provenance.rawValue, source: $0.source)
        }
        let sealed = try cipher.seal(JSONEncoder().encode(findings), at: address(proposal.id))
        try db.execute(
            sql: """
                INSERT INTO proposals (id, user_id, utterance_id, state, canonical, findings_sealed, second_factor_reason, created_ms, expires_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                proposal.id, proposal.user, utterance, proposal.state.rawValue, Blob(proposal.canonical), Blob(sealed),
                proposal.secondFactorReason, proposal.createdMilliseconds, proposal.expiresMilliseconds,
            ])
    }

    func find(_ id: String, in db: Database) throws -> StoredProposal? {
        try Row.fetchOne(db, sql: "SELECT * FROM proposals WHERE id = ?", arguments: [id]).map(read)
    }

    /// Newest first.
    func list(limit: Int, in db: Database) throws -> [StoredProposal] {
        try Row.fetchAll(db, sql: "SELECT * FROM proposals ORDER BY created_ms DESC, id LIMIT ?", arguments: [limit]).map(read)
    }

    func countOpen(user: String, now: Int64, in db: Database) throws -> Int {
        let sql = "SELECT count(*) FROM proposals WHERE user_id = ? AND state = 'open' AND expires_ms > ?"
        return try Int.fetchOne(db, sql: sql, arguments: [user, now]) ?? 0
    }

    func setState(_ state: ProposalState, of id: String, in db: Database) throws {
        try db.execute(sql: "UPDATE proposals SET state = ? WHERE id = ?", arguments: [state.rawValue, id])
    }

    /// Fails when the nonce was burned before, whatever the proposal's state says.
    func burn(_ nonce: [UInt8], of proposal: StoredProposal, by what: String, now: Int64, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO burned_nonces (nonce, user_id, proposal_id, burned_by, burned_ms) VALUES (?, ?, ?, ?, ?)",
            arguments: [Blob(nonce), proposal.user, proposal.id, what, now])
    }

    private func read(_ row: Row) throws -> StoredProposal {
        let id: String = row["id"]
        let opened = try cipher.open(row.bytes("findings_sealed"), at: address(id))
        let findings = try JSONDecoder().decode([SealedFinding].self, from: Data(opened)).compactMap { finding in
            MaterialField(rawValue: finding.field).map {
                FieldFinding(field: $0, provenance: Provenance(rawValue: finding.provenance) ?? .model, source: finding.source)
            }
        }
        guard let state = ProposalState(rawValue: row["state"]) else { throw StoreError.unreadable("proposals.state") }
        return StoredProposal(
            id: id, user: row["user_id"], state: state, canonical: row.bytes("canonical"), findings: findings,
            secondFactorReason: row["second_factor_reason"], createdMilliseconds: row["created_ms"], expiresMilliseconds: row["expires_ms"])
    }
}

/// The database holds what this program never writes.
enum StoreError: Error, Equatable {
    case unreadable(String)
}
