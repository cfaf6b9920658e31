internal import Identity
internal import MeshCall
internal import MeshTLS
internal import ServiceAPI

/// Serves `cryptopulse.auth.v1.Identity`.
struct IdentityHandler: AuthV1.IdentityHandler {
    let authority: IdentityAuthority

    private var store: IdentityStore { authority.store }
    private var now: Int64 { authority.issuer.now }

    /// The connection proves who the caller is: it gets another certificate of its own name, and of no other.
    func renew(_ request: AuthV1.RenewRequest, context: ServerContext) async throws -> AuthV1.IssuedCertificate {
        let events = IdentityEvents(context)
        do {
            let (request, service) = try authority.request(request.certificateRequest, for: context.peer.name)
            let (leaf, issuer) = try authority.sign(request, service: service)
            let event = events.issued(leaf, issuer: issuer, reason: "renewal")
            guard let serial = context.peer.serial,
                try await store.renewed(leaf, from: serial, issuer: issuer, now: now, event: event)
            else {
                throw RPCError(
                    .permissionDenied, "The certificate shown is not one that this auth issued, or it is revoked: enrol anew.",
                    reason: "CERTIFICATE_NOT_RENEWABLE")
            }
            return AuthV1.IssuedCertificate(chain: leaf.chain)
        } catch let refusal as RPCError where refusal.code == .permissionDenied {
            try await store.record(events.refused("identity.renewal_refused", context.peer.spiffeID, reason: refusal.reason ?? ""))
            throw refusal
        }
    }

    func watchRevocations(
        _ request: AuthV1.WatchRevocationsRequest, to writer: ResponseWriter<AuthV1.Revocations>, context: ServerContext
    ) async throws {
        try await authority.board.watch(to: writer)
    }

    func createJoinToken(_ request: AuthV1.CreateJoinTokenRequest, context: ServerContext) async throws -> AuthV1.CreateJoinTokenResponse {
        guard MeshMembers.names.contains(request.service) else {
            throw RPCError(
                .invalidArgument, "Name one of \(MeshMembers.names.sorted().joined(separator: ", ")).", reason: "UNKNOWN_SERVICE")
        }
        let lifetime = Int64(request.lifetime == 0 ? 600 : request.lifetime)
        guard (60...604_800).contains(lifetime) else {
            throw RPCError(.invalidArgument, "A join token lives 60 to 604800 seconds.", reason: "INVALID_LIFETIME")
        }
        let token = JoinToken.fresh()
        let grant = JoinTokenGrant(service: request.service, expiresAt: now + lifetime)
        let spiffeID = EnvironmentNames.spiffeID(authority.issuer.environment, service: request.service)
        let event = IdentityEvents(context).tokenCreated(spiffeID, expiresAt: grant.expiresAt, reason: try Self.reason(request.reason))
        guard try await store.create(token, grant, now: now, event: event) else {
            throw RPCError(.resourceExhausted, "Too many join tokens wait to be used.", reason: "TOO_MANY_JOIN_TOKENS")
        }
        return AuthV1.CreateJoinTokenResponse(joinToken: token.text, expiresIn: UInt32(clamping: lifetime))
    }

    // MARK: - Revocation

    func revoke(_ request: AuthV1.RevokeRequest, context: ServerContext) async throws -> AuthV1.Revocations {
        let entry = try entry(serial: request.serial, spiffeID: request.spiffeId)
        let event = IdentityEvents(context).revoked(entry, reason: try Self.reason(request.reason))
        try await authority.revoke(entry, event: event)
        return AuthV1.Revocations(authority.board.list)
    }

    func reinstate(_ request: AuthV1.ReinstateRequest, context: ServerContext) async throws -> AuthV1.Revocations {
        let entry = try entry(serial: "", spiffeID: request.spiffeId)
        let event = IdentityEvents(context).reinstated(entry, reason: try Self.reason(request.reason))
        guard let list = try await store.reinstate(entry, now: now, event: event) else {
            throw RPCError(.notFound, "That identity is not revoked.", reason: "NOT_REVOKED")
        }
        await authority.publish(list)
        return AuthV1.Revocations(list)
    }

    private func entry(serial: String, spiffeID: String) throws -> RevocationTable.Entry {
        if !serial.isEmpty, spiffeID.isEmpty, let serial = CertificateSerial(hex: serial) { return .serial(serial) }
        guard serial.isEmpty, let identity = try? SPIFFEIdentity(uri: spiffeID) else {
            throw RPCError(.invalidArgument, "Name one serial number or one SPIFFE id.", reason: "INVALID_SUBJECT")
        }
        let domain = EnvironmentNames.trustDomain(authority.issuer.environment)
        guard identity.trustDomain == domain else {
            throw RPCError(
                .invalidArgument, "\(identity.uri) is of \(identity.trustDomain), and this auth is of \(domain).", reason: "ENVIRONMENT_MISMATCH")
        }
        // Nobody could be told any more, and nobody could take it back.
        guard identity.name != "auth", identity.name != "operator" else {
            throw RPCError(.failedPrecondition, "\(identity.name) can be revoked by serial number only.", reason: "IDENTITY_NEEDED")
        }
        return .identity(identity)
    }

    static func reason(_ text: String) throws -> String {
        guard (1...200).contains(text.utf8.count) else {
            throw RPCError(.invalidArgument, "Say why, in at most 200 bytes.", reason: "REASON_REQUIRED")
        }
        return text
    }
}
