internal import AuditClient
internal import GRDB
internal import Identity
internal import MeshTLS
internal import Storage

/// What auth keeps about mesh identities, as its use cases need it: each method is one transaction, together with the audit events
/// that tell of it.
struct IdentityStore: Sendable {
    let database: ServiceDatabase
    let outbox: AuditOutbox

    // MARK: - Certificates

    /// Remembers a certificate before it is handed out.
    func issued(_ leaf: IssuedLeaf, issuer: Int64, now: Int64, event: AuditEvent) async throws {
        try await database.write { db in
            try CertificateTable.insert(leaf, issuer: issuer, now: now, in: db)
            try outbox.append(event, in: db, essential: leaf.isNeededToDrain)
        }
    }

    /// Remembers the certificate that another was exchanged for.
    ///
    /// - Parameter serial: of the one that its holder showed.
    /// - Returns: false, and nothing is kept, when that one may not be renewed.
    func renewed(_ leaf: IssuedLeaf, from serial: String, issuer: Int64, now: Int64, event: AuditEvent) async throws -> Bool {
        try await database.write { db in
            guard try CertificateTable.mayBeRenewed(serial: serial, spiffeID: leaf.spiffeID, in: db) else { return false }
            try CertificateTable.insert(leaf, issuer: issuer, now: now, in: db)
            try outbox.append(event, in: db, essential: leaf.isNeededToDrain)
            return true
        }
    }

    /// Takes the join token and remembers the certificate that it was taken for, both or neither.
    func enrolled(
        _ leaf: IssuedLeaf, issuer: Int64, by token: JoinToken, for claim: JoinTokenClaim, deployed: JoinTokenGrant?, now: Int64,
        event: @Sendable (JoinTokenTable.Use) -> AuditEvent?
    ) async throws -> JoinTokenTable.Use {
        try await database.write { db in
            let use = try JoinTokenTable.take(token, for: claim, deployed: deployed, now: now, in: db)
            let isTaken = use == .taken || use == .takenAgain
            if isTaken { try CertificateTable.insert(leaf, issuer: issuer, now: now, in: db) }
            if let event = event(use) { try outbox.append(event, in: db, essential: !isTaken || leaf.isNeededToDrain) }
            return use
        }
    }

    /// Whether auth made this token, used or not.
    func knows(_ token: JoinToken) async throws -> Bool {
        try await database.readAll { db in try JoinTokenTable.contains(token, in: db) }
    }

    /// - Returns: false when too many tokens wait already.
    func create(_ token: JoinToken, _ grant: JoinTokenGrant, now: Int64, event: AuditEvent) async throws -> Bool {
        try await database.write { db in
            guard try JoinTokenTable.insert(token, grant, now: now, in: db) else { return false }
            try outbox.append(event, in: db)
            return true
        }
    }

    /// Tells of what was refused.
    func record(_ event: AuditEvent) async throws {
        try await database.write { db in _ = try outbox.append(event, in: db, essential: true) }
    }

    // MARK: - Revocations

    func revocations() async throws -> RevocationList {
        try await database.readAll { db in try RevocationTable.list(in: db) }
    }

    /// - Returns: the new list; nil when it is full.
    func revoke(_ entry: RevocationTable.Entry, now: Int64, event: AuditEvent) async throws -> RevocationList? {
        try await database.write { db in
            var ends: Int64?
            if case .serial(let serial) = entry { ends = try CertificateTable.end(of: serial.hex, in: db) }
            guard try RevocationTable.add(entry, ends: ends, now: now, in: db) else { return nil }
            try outbox.append(event, in: db, essential: true)
            return try RevocationTable.list(in: db)
        }
    }

    /// - Returns: the list; nil when it had no such entry.
    func reinstate(_ entry: RevocationTable.Entry, now: Int64, event: AuditEvent) async throws -> RevocationList? {
        try await database.write { db in
            guard try RevocationTable.remove(entry, now: now, in: db) else { return nil }
            try outbox.append(event, in: db)
            return try RevocationTable.list(in: db)
        }
    }

    // MARK: - Issuing keys

    func issuingKeys() async throws -> IssuingKeys {
        try await database.readAll { db in try IssuingKeyTable.all(in: db) }
    }

    func wrappedKey(_ id: Int64) async throws -> [UInt8]? {
        try await database.readAll { db in try IssuingKeyTable.wrapped(id, in: db) }
    }

    /// - Returns: the new key's id.
    func prepare(wrapped: [UInt8], now: Int64, event: @Sendable (Int64) -> AuditEvent) async throws -> Int64 {
        try await database.write { db in
            try IssuingKeyTable.all(in: db).checkMayPrepare()
            let id = try IssuingKeyTable.insertPending(wrapped: wrapped, now: now, in: db)
            try outbox.append(event(id), in: db)
            return id
        }
    }

    /// Makes a pending key the one that signs.
    func activate(_ id: Int64, _ authority: CertificateAuthority, now: Int64, event: AuditEvent) async throws -> IssuingKey {
        let certificate = try authority.certificateDER
        return try await database.write { db in
            var keys = try IssuingKeyTable.all(in: db)
            let changed = try keys.activate(id, certificate: certificate, serial: authority.serial, endsAt: authority.ends, now: now)
            // The old one first: one key signs at a time, and the table says so.
            for key in changed.reversed() { try IssuingKeyTable.update(key, in: db) }
            try outbox.append(event, in: db)
            return changed[0]
        }
    }

    /// Revokes a retiring key's certificate, and all that it signed.
    ///
    /// - Throws: `IssuingKeys.Refusal`; `.listFull` leaves the key as it was.
    func end(
        _ id: Int64, early: Bool, now: Int64, event: @Sendable (IssuingKey) -> AuditEvent
    ) async throws -> (key: IssuingKey, revocations: RevocationList) {
        try await database.write { db in
            var keys = try IssuingKeyTable.all(in: db)
            let key = try keys.end(id, early: early, now: now)
            try IssuingKeyTable.update(key, in: db)
            if let serial = key.serial.flatMap(CertificateSerial.init(hex:)) {
                guard try RevocationTable.add(.serial(serial), ends: key.endsAt, now: now, in: db) else { throw IssuingKeys.Refusal.listFull }
            }
            try outbox.append(event(key), in: db, essential: true)
            return (key, try RevocationTable.list(in: db))
        }
    }
}

extension IssuedLeaf {
    /// Audit cannot take the backlog without its certificate, nor auth send it without its own: a full backlog must not keep them from it.
    fileprivate var isNeededToDrain: Bool { spiffeID.hasSuffix("/audit") || spiffeID.hasSuffix("/auth") }
}
