internal import AuditClient
internal import Foundation
internal import Identity
internal import MeshCall
internal import MeshTLS
internal import ServiceKit

/// Decides who may have a mesh certificate and whose are revoked, and tells everybody.
struct IdentityAuthority: Sendable {
    let issuer: MeshIssuer
    let board: RevocationBoard
    /// Told of each new list: auth refuses the revoked itself, too.
    let changed: @Sendable (RevocationList) -> Void
    /// Nil where auth's certificate comes from elsewhere.
    var own: OwnCertificate?

    var store: IdentityStore { issuer.store }

    // MARK: - Certificates

    /// Reads a request that must name `service` of this environment.
    ///
    /// - Throws: `RPCError` for the caller.
    func request(_ der: [UInt8], for service: String?) throws -> (request: CertificateRequest, service: String) {
        let request: CertificateRequest
        do throws(CertificateRequest.Failure) {
            request = try CertificateRequest(der: der)
        } catch {
            throw RPCError(
                .invalidArgument, "The certificate request is not one, or does not prove its key.", reason: "CERTIFICATE_REQUEST_INVALID", cause: error)
        }
        guard request.uris.count == 1, let named = try? SPIFFEIdentity(uri: request.uris[0]) else {
            throw RPCError(.invalidArgument, "The request must name one SPIFFE id and nothing else.", reason: "SPIFFE_ID_INVALID")
        }
        let domain = EnvironmentNames.trustDomain(issuer.environment)
        guard named.trustDomain == domain else {
            throw RPCError(
                .permissionDenied, "The request is for \(named.trustDomain), and this auth is of \(domain).", reason: "ENVIRONMENT_MISMATCH")
        }
        guard MeshMembers.names.contains(named.name), service == nil || service == named.name else {
            throw RPCError(.permissionDenied, "No certificate for \(named.name) is to be had here.", reason: "SPIFFE_ID_NOT_ALLOWED")
        }
        guard !board.list.identities.contains(named) else {
            throw RPCError(.permissionDenied, "\(named.name) is revoked.", reason: "IDENTITY_REVOKED")
        }
        return (request, named.name)
    }

    /// - Throws: `RPCError` when no key may sign.
    func sign(_ request: CertificateRequest, service: String) throws -> (leaf: IssuedLeaf, issuer: Int64) {
        do {
            return try issuer.sign(request, service: service)
        } catch let failure as MeshIssuer.Failure {
            throw RPCError(.failedPrecondition, "No issuing key may sign now.", reason: "NO_ISSUING_KEY", cause: failure)
        }
    }

    // MARK: - Revocations

    /// How long those who watch have to hear of a change before auth itself acts on it, which may cut off some of them: when an issuing
    /// key is revoked, all whose certificates it signed.
    static let headStart = Duration.milliseconds(100)

    /// Tells everybody of a new list. It is in effect here when this returns.
    func publish(_ list: RevocationList) async {
        board.publish(list)
        try? await Task.sleep(for: Self.headStart)
        changed(list)
    }

    func revoke(_ entry: RevocationTable.Entry, event: AuditEvent) async throws {
        if case .serial(let serial) = entry { try await own?.replace(serial) }
        guard let list = try await store.revoke(entry, now: issuer.now, event: event) else {
            throw RPCError(.resourceExhausted, "The list of revocations is full.", reason: "TOO_MANY_REVOCATIONS")
        }
        await publish(list)
    }

    // MARK: - Issuing keys

    func end(_ id: Int64, early: Bool, _ events: IdentityEvents, reason: String) async throws -> IssuingKey {
        let (key, list) = try await store.end(id, early: early, now: issuer.now) { events.keyEnded($0, reason: reason) }
        await publish(list)
        return key
    }

    /// Ends the retiring keys of which no certificate can be in use any more.
    func endDueKeys() async throws {
        for id in try await store.issuingKeys().due(at: issuer.now) {
            _ = try await end(id, early: false, IdentityEvents(caller: "auth"), reason: "overlap over")
        }
    }
}
