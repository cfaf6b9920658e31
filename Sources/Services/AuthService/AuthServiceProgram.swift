internal import AuditClient
internal import Identity
internal import KeyManagement
internal import MeshCall
public import ServiceKit
internal import ServiceLifecycle
internal import Storage

/// The `auth` process.
public enum AuthServiceProgram {
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let settings = context.settings
        let database = try context.openDatabase(.auth)
        let place = context.keyringPlace(database)
        let (data, wrapping) = try await DataKeyring.open(
            AuthSeals.purposes + [MeshIssuer.purpose], in: place, schedule: settings.keys[.dataEncryption], inherit: IssuingKeyTable.inherit)
        let identity = try await IdentityComponents.make(
            environment: settings.environment, database: database, outbox: AuditOutbox(source: settings.service), data: data,
            age: settings.keys[.meshIssuing].age, rootsPath: settings.trustRootsPath, deployedTokens: settings.enrolFolder + "/" + DeployedJoinTokens.fileName,
            changed: { context.trust.replaceRevocations(with: $0) }, own: { ownCertificate($0, context) })
        // Before anything is dialled or listened on: auth's own certificate comes from itself.
        let issuing = try await issue(identity, context)
        let audit = try context.auditClient(for: database)
        let (tokens, signing) = try await TokenKeys.open(
            environment: settings.environment, in: place, schedule: settings.keys[.tokenSigning],
            changed: { identity.authority.board.publish(tokenKeys: $0.name) })
        let auth = try AuthComponents.make(environment: settings.environment, database: database, outbox: audit.outbox, tokens: tokens, data: data)
        let refusals = BackgroundTask("enrolment refusals") { await identity.refusals.run(audit.outbox, database, context.logger) }
        return RunningService(
            definitions: [auth.definition, auth.accounts, identity.definition], authenticator: auth.authenticator,
            keys: [signing, wrapping, IssuingKeyring(authority: identity.authority)], background: [audit, refusals] + issuing,
            onDrain: { identity.authority.board.stop() }, readiness: { database.failure == nil ? nil : "the database takes no writes" })
    }

    private static func ownCertificate(_ issuer: MeshIssuer, _ context: ServiceContext) -> OwnCertificate? {
        guard context.settings.identity.mode == .issue else { return nil }
        return OwnCertificate(issuer, folder: context.settings.tlsFolder, logger: context.logger) { context.trust.reloadCertificates() }
    }

    /// Starts issuing, unless certificates come from elsewhere.
    private static func issue(_ identity: IdentityComponents, _ context: ServiceContext) async throws -> [any Service] {
        let settings = context.settings
        guard let own = identity.authority.own else { return [] }
        try await identity.importFirstKey(context.secrets, certificatePath: settings.tlsFolder + "/issuer.pem", logger: context.logger)
        try await own.start()
        let upkeep = IdentityUpkeep(authority: identity.authority, own: own, logger: context.logger)
        let interval = settings.identity.checkInterval
        return [
            BackgroundTask("mesh identities") { try await upkeep.run(every: interval) },
            try EnrolmentListener(context, definitions: [identity.enrolment]),
        ]
    }
}
