internal import AuditClient
internal import Crypto
internal import Cryptography
internal import Foundation
internal import Identity
internal import KeyManagement
internal import Logging
internal import MeshTLS
internal import Synchronization

/// Signs this environment's mesh certificates with the active issuing key.
final class MeshIssuer: Sendable {
    enum Failure: Error, Equatable {
        /// The key is older than the settings allow.
        case overdue(days: Int64)
        /// The key's own certificate has ended.
        case ended
        /// No key signs: none was given to this auth.
        case noKey
        /// The certificate is not one for this key.
        case otherKey
    }

    struct Active: Sendable {
        let id: Int64
        let activatedAt: Int64
        let authority: CertificateAuthority
    }

    /// Names that get certificates of an overdue key too.
    private static let needed: Set<String> = ["auth", "operator"]

    /// Of the data key that wraps issuing keys in the database.
    static let purpose = "issuing"

    let environment: String
    let store: IdentityStore
    let age: KeyAge
    private let wrappingKey: KeySource
    private let rootsPath: String
    private let clock: @Sendable () -> Date
    private let signing: Mutex<Active?>

    private init(
        environment: String, store: IdentityStore, age: KeyAge, wrappingKey: KeySource, rootsPath: String, clock: @escaping @Sendable () -> Date,
        active: Active?
    ) {
        self.environment = environment
        self.store = store
        self.age = age
        self.wrappingKey = wrappingKey
        self.rootsPath = rootsPath
        self.clock = clock
        signing = Mutex(active)
    }

    /// Takes up the key that signed last.
    ///
    /// - Parameters:
    ///   - wrappingKey: what issuing keys are wrapped with in the database.
    ///   - rootsPath: the environment's roots, PEM.
    /// - Throws: when the key in the database cannot be unwrapped or is not this environment's.
    static func open(
        environment: String, store: IdentityStore, age: KeyAge, wrappingKey: KeySource, rootsPath: String,
        clock: @escaping @Sendable () -> Date
    ) async throws -> MeshIssuer {
        let issuer = MeshIssuer(
            environment: environment, store: store, age: age, wrappingKey: wrappingKey, rootsPath: rootsPath, clock: clock, active: nil)
        if let key = try await store.issuingKeys().active, let certificate = key.certificate, let activatedAt = key.activatedAt {
            let authority = try CertificateAuthority(certificate: certificate, key: try await issuer.key(key.id).signingKey)
            issuer.signing.withLock { $0 = Active(id: key.id, activatedAt: activatedAt, authority: authority) }
        }
        return issuer
    }

    /// - Throws: while auth's data keys are put away.
    private var wrapping: KeyWrapping {
        get throws { KeyWrapping(rootSecret: try wrappingKey.key()) }
    }

    var active: Active? { signing.withLock { $0 } }
    var now: Int64 { Int64(clock().timeIntervalSince1970) }

    /// Takes the first key of an environment, which came with the deployment.
    ///
    /// - Parameters:
    ///   - key: made where the root is.
    ///   - certificate: PEM, signed by the root.
    func importFirst(_ key: MeshKey, certificate: String) async throws {
        guard active == nil else { return }
        let authority = try CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key.pem)
        try authority.checkIsIssuer(environment: environment, roots: roots(), now: clock())
        let events = IdentityEvents(caller: "auth")
        let id = try await store.prepare(wrapped: try wrapping.wrap(key.raw), now: now) { events.keyPrepared($0, reason: "deployment") }
        try await activate(id, authority, event: events.keyActivated(id, serial: authority.serial, reason: "deployment"))
    }

    // MARK: - Issuing

    /// Signs a certificate; it is not remembered yet.
    ///
    /// - Throws: `Failure`; `CertificateRequest.Failure.names`; `RPCError` while auth's data keys are put away.
    func sign(_ request: CertificateRequest, service: String) throws -> (leaf: IssuedLeaf, issuer: Int64) {
        guard let active else { throw Failure.noKey }
        // A key from the database signs as long as it could be unwrapped, and no longer.
        _ = try wrapping
        // What it signed from here on would be good for nothing.
        guard active.authority.ends > now else { throw Failure.ended }
        // Whoever can rotate it, and auth itself, have to be let in for that.
        if !Self.needed.contains(service), case .refused(let days) = age.verdict(activatedAt: active.activatedAt, now: now) {
            throw Failure.overdue(days: days)
        }
        return (try active.authority.issue(for: request, service: service, environment: environment, now: clock()), active.id)
    }

    // MARK: - Rotation

    /// Makes a key that is to sign later.
    ///
    /// - Returns: its id, and the request that the root is to sign.
    func prepare(_ events: IdentityEvents, reason: String) async throws -> (id: Int64, request: CertificateRequest) {
        let key = MeshKey()
        let id = try await store.prepare(wrapped: try wrapping.wrap(key.raw), now: now) { events.keyPrepared($0, reason: reason) }
        return (id, try CertificateRequest(key: key, spiffeID: nil))
    }

    /// Signs with a prepared key from now on.
    ///
    /// - Parameter certificate: DER, signed by a root of this environment.
    /// - Throws: `IssuingKeys.Refusal`; `CertificateAuthority.Failure` for a certificate that gives too much or too little.
    func activate(_ id: Int64, certificate: [UInt8], _ events: IdentityEvents, reason: String) async throws -> IssuingKey {
        guard let wrapped = try await store.wrappedKey(id) else { throw IssuingKeys.Refusal.unknown }
        let key = try MeshKey(raw: try wrapping.unwrap(wrapped))
        let authority = try CertificateAuthority(certificate: certificate, key: key.signingKey)
        try authority.checkIsIssuer(environment: environment, roots: roots(), now: clock())
        return try await activate(id, authority, event: events.keyActivated(id, serial: authority.serial, reason: reason))
    }

    @discardableResult
    private func activate(_ id: Int64, _ authority: CertificateAuthority, event: AuditEvent) async throws -> IssuingKey {
        let activatedAt = now
        let key = try await store.activate(id, authority, now: activatedAt, event: event)
        signing.withLock { $0 = Active(id: id, activatedAt: activatedAt, authority: authority) }
        return key
    }

    private func key(_ id: Int64) async throws -> MeshKey {
        guard let wrapped = try await store.wrappedKey(id) else { throw Failure.noKey }
        return try MeshKey(raw: try wrapping.unwrap(wrapped))
    }

    private func roots() throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: rootsPath)), as: UTF8.self)
    }
}
