internal import Identity
internal import KeyManagement
internal import MeshCall

/// The mesh issuing keys, as an operator sees all keys. Rotating them takes the offline root, which is not here: see `IdentityHandler`.
struct IssuingKeyring: ManagedKeys {
    let authority: IdentityAuthority

    var kind: KeyKind { .meshIssuing }

    func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        let keys = try await authority.store.issuingKeys().all.reversed()
        return Array(keys.map(KeyRecord.init).filter { gone || $0.state != .gone }.prefix(limit))
    }

    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        throw RPCError.keyPrecondition("The next issuing key is certified with the offline root: run pulse where that lies.", "ROOT_NEEDED")
    }

    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        guard let number = Int64(id) else { throw RPCError.unknownKey }
        do {
            let key = try await authority.end(number, early: true, IdentityEvents(change), reason: change.reason)
            return KeyOutcome(KeyRecord(key), notes: ["Certificates that it signed are refused from now on: their owners enrol anew."])
        } catch IssuingKeys.Refusal.unknown {
            throw RPCError.unknownKey
        } catch IssuingKeys.Refusal.notRetiring {
            throw RPCError.keyPrecondition("Only a retiring key can be revoked: rotate first.", "KEY_IN_USE")
        } catch IssuingKeys.Refusal.listFull {
            throw RPCError(.resourceExhausted, "The list of revocations is full: the key is as it was.", reason: "TOO_MANY_REVOCATIONS")
        }
    }
}

extension KeyRecord {
    init(_ key: IssuingKey) {
        let state: KeyState =
            switch key.state {
            case .pending: .pending
            case .active: .active
            case .retiring: .retiring
            case .gone: .gone
            }
        self.init(id: "\(key.id)", state: state, createdAt: key.createdAt, activatedAt: key.activatedAt, retiredAt: key.retiredAt)
    }
}
