internal import GRDB
internal import Identity

/// SQL on `mesh_certificates`: those that have not ended.
enum CertificateTable {
    static func insert(_ leaf: IssuedLeaf, issuer: Int64, now: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM mesh_certificates WHERE ends_at < ?", arguments: [now - 86400])
        try db.execute(
            sql: "INSERT INTO mesh_certificates (serial, spiffe_id, issuer_id, issued_at, ends_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [leaf.serial, leaf.spiffeID, issuer, now, leaf.ends])
    }

    /// Whether a certificate may be exchanged for another: it was issued here, and neither it, its name nor the key that signed it is
    /// revoked. In one transaction with the renewal, so that no revocation comes between.
    static func mayBeRenewed(serial: String, spiffeID: String, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM mesh_certificates AS certificate JOIN issuing_keys AS key ON key.id = certificate.issuer_id
                    WHERE certificate.serial = :serial AND certificate.spiffe_id = :name AND key.state <> 'gone'
                ) AND NOT EXISTS (
                    SELECT 1 FROM revocations WHERE (kind = 'serial' AND value = :serial) OR (kind = 'identity' AND value = :name)
                )
                """, arguments: ["serial": serial, "name": spiffeID]) ?? false
    }

    /// When the certificate ends, in seconds since 1970; nil for one that was not issued here, or ended long ago.
    static func end(of serial: String, in db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT ends_at FROM mesh_certificates WHERE serial = ?", arguments: [serial])
    }
}
