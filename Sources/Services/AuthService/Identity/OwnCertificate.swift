internal import AuditClient
internal import Identity
internal import Logging
internal import MeshTLS
internal import ServiceKit

/// auth's own mesh certificate, which comes from auth itself.
actor OwnCertificate {
    private let issuer: MeshIssuer
    private let files: IdentityFiles
    private let renewed: @Sendable () -> Void
    private let logger: Logger
    /// The key that signed it; nil before this process made one.
    private var signedBy: Int64?

    /// - Parameters:
    ///   - folder: of its files.
    ///   - renewed: called after each change of them.
    init(_ issuer: MeshIssuer, folder: String, logger: Logger, renewed: @escaping @Sendable () -> Void) {
        self.issuer = issuer
        files = IdentityFiles(folder: folder)
        self.logger = logger
        self.renewed = renewed
    }

    /// Makes it, if it is due, and takes up what a crash left.
    func start() async throws {
        try files.recover()
        try await renewIfDue()
    }

    /// At half-life, when it has ended, and when another key signs now.
    func renewIfDue() async throws {
        guard let active = issuer.active else { throw MeshIssuer.Failure.noKey }
        if isDue(signer: active.id) { try await renew(reason: "own") }
    }

    /// Puts another in its place if it has this serial number, which is about to be revoked: from then on everybody refuses the present one.
    func replace(_ serial: CertificateSerial) async throws {
        guard let present = files.facts(), CertificateSerial(hex: present.serial) == serial else { return }
        try await renew(reason: "the one before is revoked")
    }

    private func renew(reason: String) async throws {
        let key = MeshKey()
        let request = try CertificateRequest(key: key, spiffeID: EnvironmentNames.spiffeID(issuer.environment, service: "auth"))
        let (leaf, issuedBy) = try issuer.sign(request, service: "auth")
        let event = IdentityEvents(caller: "auth").issued(leaf, issuer: issuedBy, reason: reason)
        try await issuer.store.issued(leaf, issuer: issuedBy, now: issuer.now, event: event)
        try files.install(key, chain: leaf.chain)
        signedBy = issuedBy
        renewed()
        logger.info("mesh certificate", metadata: ["by": "own", "serial": "\(leaf.serial)", "ends": "\(leaf.ends)"])
    }

    private func isDue(signer: Int64) -> Bool {
        guard let facts = files.facts(), facts.uris == [EnvironmentNames.spiffeID(issuer.environment, service: "auth")] else { return true }
        let now = issuer.now
        guard now >= facts.begins, now < facts.begins + (facts.ends - facts.begins) / 2 else { return true }
        // Unknown after a start: made anew rather than left with a key that may have been rotated out.
        return signedBy != signer
    }
}
