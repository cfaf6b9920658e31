internal import Logging
internal import NIOCore
internal import ServiceLifecycle

/// How a service's process comes by its mesh certificate and learns whose are revoked, as its settings say.
struct OwnIdentity {
    private let settings: ServiceSettings
    private let trust: MeshTrust
    private let keeper: IdentityKeeper?
    private let logger: Logger

    /// - Returns: nil for a process outside the mesh.
    init?(_ settings: ServiceSettings, trust: MeshTrust, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        guard settings.hasMeshIdentity else { return nil }
        self.settings = settings
        self.trust = trust
        self.logger = logger
        keeper = settings.identityPlace.map { place in
            IdentityKeeper(
                place, revocations: { trust.revocations }, eventLoopGroup: eventLoopGroup, interval: settings.identity.checkInterval,
                logger: logger, renewed: { trust.reloadCertificates() })
        }
    }

    /// Returns when there is a certificate, and it is of this service and environment.
    ///
    /// - Throws: `StartUpError`.
    func obtain() async throws {
        if settings.identity.mode == .issue { return }
        // One of another service or environment is not replaced but refused: whoever put it there has mistaken something.
        if keeper != nil { try CertificateCheck.runIfPresent(settings) }
        try await keeper?.obtain()
        try CertificateCheck.run(settings)
    }

    func background(_ context: ServiceContext) throws -> [any Service] {
        guard settings.peers["auth"] != nil else { return [] }
        let auth = try context.channel(to: "auth")
        let feed = RevocationFeed(
            auth: auth, trust: trust, logger: logger, tokenKeys: { [keys = context.tokenKeys] in await keys?.changed(to: $0) },
            refused: { [keeper] in await keeper?.wasRefused() })
        let tasks = [BackgroundTask("revocations") { try await feed.run() }]
        guard let keeper else { return tasks }
        return tasks + [BackgroundTask("mesh certificate") { try await keeper.run() }]
    }
}

extension ServiceSettings {
    /// nil unless the certificate comes from auth's enrolment.
    var identityPlace: IdentityPlace? {
        guard identity.mode == .enrol, let enrolment = identity.enrolment else { return nil }
        return IdentityPlace(
            spiffeID: spiffeID, trustDomain: trustDomain, folder: tlsFolder, joinTokenPath: joinTokenPath, enrolment: enrolment,
            renewal: peers["auth"])
    }
}
