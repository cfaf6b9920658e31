internal import AuditClient
internal import Identity
internal import Logging
internal import ServiceKit

/// What auth does by itself about mesh identities as time goes: its own certificate, keys whose overlap is over.
actor IdentityUpkeep {
    private let issuer: MeshIssuer
    private let authority: IdentityAuthority
    private let files: IdentityFiles
    private let renewed: @Sendable () -> Void
    private let logger: Logger
    /// The key that signed the own certificate; nil before this process had one.
    private var signedBy: Int64?

    /// - Parameters:
    ///   - folder: of the own certificate's files.
    ///   - renewed: called after each change of them.
    init(_ authority: IdentityAuthority, folder: String, logger: Logger, renewed: @escaping @Sendable () -> Void) {
        issuer = authority.issuer
        self.authority = authority
        files = IdentityFiles(folder: folder)
        self.logger = logger
        self.renewed = renewed
    }

    /// Makes the own certificate, if it is due, and takes up what a crash left.
    func start() async throws {
        try files.recover()
        try await renewOwn()
    }

    /// Looks at each interval until cancelled.
    func run(every interval: Duration) async throws {
        while true {
            try await Task.sleep(for: interval)
            do {
                try await renewOwn()
                try await authority.endDueKeys()
            } catch {
                logger.error("mesh identities", metadata: ["why": "\(error)"])
                try await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// At half-life, when it has ended, and when another key signs now.
    private func renewOwn() async throws {
        guard let active = issuer.active else { throw MeshIssuer.Failure.noKey }
        guard isDue(signer: active.id) else { return }
        let key = MeshKey()
        let request = try CertificateRequest(key: key, spiffeID: EnvironmentNames.spiffeID(issuer.environment, service: "auth"))
        let (leaf, issuedBy) = try issuer.sign(request, service: "auth")
        let event = IdentityEvents(caller: "auth").issued(leaf, issuer: issuedBy, reason: "own")
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
