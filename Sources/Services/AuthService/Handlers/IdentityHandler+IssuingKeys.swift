internal import Identity
internal import MeshCall
internal import MeshTLS
internal import ServiceAPI

/// Rotation of the mesh issuing key: prepared here, certified where the root is, activated here, ended when its overlap is over.
extension IdentityHandler {
    func listIssuingKeys(_ request: AuthV1.ListIssuingKeysRequest, context: ServerContext) async throws -> AuthV1.ListIssuingKeysResponse {
        AuthV1.ListIssuingKeysResponse(keys: try await authority.store.issuingKeys().all.reversed().map(AuthV1.IssuingKey.init))
    }

    func prepareIssuingKey(
        _ request: AuthV1.PrepareIssuingKeyRequest, context: ServerContext
    ) async throws -> AuthV1.PrepareIssuingKeyResponse {
        let reason = try Self.reason(request.reason)
        let (id, request) = try await refusing { try await authority.issuer.prepare(IdentityEvents(context), reason: reason) }
        return AuthV1.PrepareIssuingKeyResponse(id: UInt32(clamping: id), certificateRequest: request.der)
    }

    func activateIssuingKey(_ request: AuthV1.ActivateIssuingKeyRequest, context: ServerContext) async throws -> AuthV1.IssuingKey {
        let reason = try Self.reason(request.reason)
        let key = try await refusing {
            try await authority.issuer.activate(Int64(request.id), certificate: request.certificate, IdentityEvents(context), reason: reason)
        }
        return AuthV1.IssuingKey(key)
    }

    func endIssuingKey(_ request: AuthV1.EndIssuingKeyRequest, context: ServerContext) async throws -> AuthV1.IssuingKey {
        let reason = try Self.reason(request.reason)
        return AuthV1.IssuingKey(
            try await refusing { try await authority.end(Int64(request.id), early: request.early, IdentityEvents(context), reason: reason) })
    }

    private func refusing<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let refusal as IssuingKeys.Refusal {
            throw RPCError(refusal)
        } catch CertificateAuthority.Failure.unusableAuthority(let why) {
            throw RPCError(.invalidArgument, "The certificate cannot be used: \(why).", reason: "ISSUER_CERTIFICATE_INVALID")
        }
    }
}

extension RPCError {
    fileprivate init(_ refusal: IssuingKeys.Refusal) {
        switch refusal {
        case .unknown: self.init(.notFound, "There is no such issuing key.", reason: "UNKNOWN_ISSUING_KEY")
        case .notPending: self.init(.failedPrecondition, "Only a pending key can be activated.", reason: "NOT_PENDING")
        case .notRetiring: self.init(.failedPrecondition, "Only a retiring key can be ended: rotate first.", reason: "NOT_RETIRING")
        case .stillInUse(let seconds):
            self.init(.failedPrecondition, "Certificates that it signed may be in use for another \(seconds) s.", reason: "STILL_IN_USE")
        case .listFull: self.init(.resourceExhausted, "The list of revocations is full: the key is as it was.", reason: "TOO_MANY_REVOCATIONS")
        case .tooManyPending: self.init(.resourceExhausted, "Keys wait to be activated already.", reason: "TOO_MANY_PENDING")
        }
    }
}

extension AuthV1.IssuingKey {
    init(_ key: IssuingKey) {
        self.init(
            id: UInt32(clamping: key.id), state: key.state.rawValue, serial: key.serial.flatMap(CertificateSerial.init(hex:))?.bytes ?? [],
            createdAt: key.createdAt, activatedAt: key.activatedAt ?? 0, retiredAt: key.retiredAt ?? 0, endsAt: key.endsAt ?? 0)
    }
}
