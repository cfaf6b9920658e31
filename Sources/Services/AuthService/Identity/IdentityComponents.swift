internal import AuditClient
internal import Cryptography
internal import Foundation
internal import Identity
internal import KeyManagement
internal import Logging
internal import MeshCall
internal import MeshTLS
internal import Secrets
internal import ServiceAPI
internal import ServiceKit
internal import Storage

/// auth's part in mesh identities put together: everything but the process around it.
struct IdentityComponents: Sendable {
    /// Name of the secret with the first issuing key: the 32 bytes of a P-256 scalar.
    static let firstKeyName = "issuing-key"

    let authority: IdentityAuthority
    /// Served on the mesh.
    let definition: ServiceDefinition
    /// Served to those without a certificate.
    let enrolment: ServiceDefinition
    let refusals: RefusalJournal

    /// - Parameters:
    ///   - rootsPath: the environment's roots, PEM.
    ///   - deployedTokens: the deployment's file of join tokens.
    ///   - data: has the key of `MeshIssuer.purpose`.
    ///   - changed: told of each new list of revocations, and of the present one.
    ///   - own: makes auth's own certificate; nil where it comes from elsewhere.
    static func make(
        environment: String, database: ServiceDatabase, outbox: AuditOutbox, data: DataKeyring, age: KeyAge, rootsPath: String,
        deployedTokens: String, clock: @escaping @Sendable () -> Date = { Date() }, changed: @escaping @Sendable (RevocationList) -> Void,
        own: (MeshIssuer) -> OwnCertificate? = { _ in nil }
    ) async throws -> IdentityComponents {
        let store = IdentityStore(database: database, outbox: outbox)
        let issuer = try await MeshIssuer.open(
            environment: environment, store: store, age: age,
            wrappingKey: try data.key(MeshIssuer.purpose), rootsPath: rootsPath, clock: clock)
        let board = RevocationBoard(try await store.revocations())
        changed(board.list)
        let authority = IdentityAuthority(issuer: issuer, board: board, changed: changed, own: own(issuer))
        let refusals = RefusalJournal(rate: RateLimit(perMinute: 60, burst: 30))
        return IdentityComponents(
            authority: authority, definition: .identity(IdentityHandler(authority: authority)),
            enrolment: .enrolment(EnrolmentHandler(authority: authority, deployed: DeployedJoinTokens(path: deployedTokens), refusals: refusals)),
            refusals: refusals)
    }

    /// The key lies wrapped in the database now: one place less to steal it from.
    private func forgetFirstKey(_ secrets: any SecretStore, _ logger: Logger) async {
        do {
            for version in try await secrets.versions(of: Self.firstKeyName) { try await secrets.revoke(version.id, of: Self.firstKeyName) }
        } catch let error as SecretStoreError where error.cause.isAbsence {
            return
        } catch {
            logger.warning("the first issuing key stays where it came from: remove it there", metadata: ["why": "\(error)"])
        }
    }

    /// Takes the issuing key that came with the deployment, if there is none yet.
    ///
    /// - Parameter certificatePath: PEM, signed by the root.
    func importFirstKey(_ secrets: any SecretStore, certificatePath: String, logger: Logger) async throws {
        guard authority.issuer.active == nil else { return await forgetFirstKey(secrets, logger) }
        let key = try MeshKey(raw: try await secrets.secret(named: Self.firstKeyName).symmetricKey)
        let certificate = String(decoding: try Data(contentsOf: URL(filePath: certificatePath)), as: UTF8.self)
        try await authority.issuer.importFirst(key, certificate: certificate)
        await forgetFirstKey(secrets, logger)
    }
}
