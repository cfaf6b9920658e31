internal import Cryptography
internal import Foundation
internal import KeyManagement
internal import MeshCall
internal import Secrets

/// The key that signs the log's checkpoints, as the operator sees all keys. A log keeps its key: those who verify it know it by that.
struct LogKey: ManagedKeys {
    let verifier: NoteVerifier
    let store: any SecretStore

    var kind: KeyKind { .logSigning }

    func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        let made = try await store.versions(of: AuditServiceProgram.signingKey).first { $0.stages.contains(.current) }?.created
        return [KeyRecord(id: String(verifier.keyID, radix: 16), state: .active, createdAt: made.map { Int64($0.timeIntervalSince1970) } ?? 0)]
    }

    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        throw RPCError.keyPrecondition(
            "Another key is another log: those who verify this one know it by its key. Start a new log instead.", "LOG_KEEPS_ITS_KEY")
    }

    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        try await rotate(id, change)
    }
}
