internal import AuditClient
internal import Cryptography
internal import FoundationEssentials
internal import Identity
internal import KeyManagement
internal import MeshCall
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
    ///   - environment: of the tokens; who signs off in production must be verified.
    ///   - tokens: sign and verify them.
    ///   - data: has the keys of `AuthSeals.purposes`.
    ///   - hashing: what a password hash costs.
    ///   - hashingQueue: how many password checks may wait.
    ///   - clock: the wall clock.
    static func make(
        environment: String, database: ServiceDatabase, outbox: AuditOutbox, tokens: TokenKeys, data: DataKeyring,
        hashing: PasswordHashParameters = .recommended, hashingQueue: Int = 32, clock: @escaping @Sendable () -> Date = { Date() }
    ) throws -> AuthComponents {
        let seals = try AuthSeals(data)
        let verifier = TokenVerifier(environment: environment)
        let hasher = PasswordHasher(parameters: hashing, pepper: seals.pepper, queueLimit: hashingQueue)
        let handler = AuthHandler(
            environment: environment, store: AuthStore(database: database, outbox: outbox), seals: seals, hasher: hasher, tokens: tokens,
            verifier: verifier, clock: clock)
        return AuthComponents(
            definition: .auth(handler), accounts: .accounts(AccountsHandler(auth: handler)),
            authenticator: OwnKeysAuthenticator(verifier: verifier, tokens: tokens, clock: clock), hasher: hasher)
    }
}
