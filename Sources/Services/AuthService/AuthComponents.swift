internal import AuditClient
internal import Crypto
internal import Cryptography
internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import Secrets
internal import ServiceAPI
internal import Storage

/// auth put together from what it is given: everything but the process around it.
struct AuthComponents: Sendable {
    let definition: ServiceDefinition
    /// Of `Accounts`.
    let accounts: ServiceDefinition
    let authenticator: any TokenAuthenticator
    /// Counts its runs, for tests.
    let hasher: PasswordHasher

    /// - Parameters:
    ///   - environment: of the tokens.
    ///   - secrets: must have `token-signing-key` (an Ed25519 seed) and `data-key`.
    ///   - hashing: what a password hash costs.
    ///   - hashingQueue: how many password checks may wait.
    ///   - clock: the wall clock.
    static func make(
        environment: String, database: ServiceDatabase, outbox: AuditOutbox, secrets: any SecretStore,
        hashing: PasswordHashParameters = .recommended, hashingQueue: Int = 32, clock: @escaping @Sendable () -> Date = { Date() }
    ) async throws -> AuthComponents {
        let seals = try await DataKeys.open(in: database, rootSecret: try await secrets.secret(named: "data-key").symmetricKey)
        let issuer = TokenIssuer(environment: environment, key: try await secrets.secret(named: "token-signing-key").ed25519SigningKey())
        let verifier = TokenVerifier(environment: environment)
        let hasher = PasswordHasher(parameters: hashing, pepper: seals.pepper, queueLimit: hashingQueue)
        let handler = AuthHandler(
            store: AuthStore(database: database, outbox: outbox), seals: seals, hasher: hasher, issuer: issuer, verifier: verifier,
            clock: clock)
        return AuthComponents(
            definition: .auth(handler), accounts: .accounts(AccountsHandler(auth: handler)),
            authenticator: OwnKeysAuthenticator(verifier: verifier, keys: issuer.keySet, clock: clock), hasher: hasher)
    }
}
