internal import AuditClient
internal import GRDB
internal import Storage

/// Roles and verifications as their use cases need them: each method is one transaction, together with its audit event.
struct StandingStore: Sendable {
    let database: ServiceDatabase
    let outbox: AuditOutbox

    enum Outcome: Sendable {
        case recorded
        /// Another call took the code first.
        case codeTaken
        /// The role was taken away meanwhile.
        case notAdmin
        /// The person's account went meanwhile.
        case unknownAccount
    }

    /// - Returns: nil for an account that is not there, or not confirmed.
    func standing(of userID: String) async throws -> Standing? {
        try await database.read(as: userID) { db in try StandingTable.find(userID: userID, in: db) }
    }

    /// - Returns: false when the account is not there, or not confirmed; nothing is told then.
    func set(_ role: Standing.Role, of userID: String, event: AuditEvent) async throws -> Bool {
        try await database.write { db in
            guard try StandingTable.set(role, of: userID, in: db) else { return false }
            try outbox.append(event, in: db)
            return true
        }
    }

    /// Takes the admin's code and keeps the record, both or neither. The role is asked once more where it cannot change under us.
    func record(_ verification: Verification, step: Int64, attemptKey: [UInt8], now: Int64, event: AuditEvent) async throws -> Outcome {
        try await database.write { db in
            guard try StandingTable.find(userID: verification.adminID, in: db)?.role == .admin else { return .notAdmin }
            guard try StandingTable.find(userID: verification.userID, in: db) != nil else { return .unknownAccount }
            guard try AccountTable.take(step: step, of: verification.adminID, confirming: false, in: db) else { return .codeTaken }
            try AttemptTable.forget(attemptKey, in: db)
            try StandingTable.record(verification, now: now, in: db)
            try outbox.append(event, in: db)
            return .recorded
        }
    }
}
