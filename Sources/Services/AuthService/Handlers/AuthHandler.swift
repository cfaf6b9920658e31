internal import Crypto
internal import Cryptography
internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import ServiceAPI

/// Serves `cryptopulse.auth.v1.Auth`. Each method's body stands in a file of its own.
struct AuthHandler: AuthV1.AuthHandler {
    let environment: String
    let store: AuthStore
    let seals: AuthSeals
    let hasher: PasswordHasher
    let tokens: TokenKeys
    let verifier: TokenVerifier
    let clock: @Sendable () -> Date
    let signOffRate = SignOffRate()

    /// Seconds since 1970.
    var now: Int64 { Int64(clock().timeIntervalSince1970) }

    var standings: StandingStore { StandingStore(database: store.database, outbox: store.outbox) }

    var credentialCheck: CredentialCheck { CredentialCheck(seals: seals, hasher: hasher) }

    func getKeys(_ request: AuthV1.GetKeysRequest, context: ServerContext) async throws -> AuthV1.GetKeysResponse {
        let set = tokens.keySet
        let keys = set.keys.values.map { key in
            AuthV1.SigningKey(kid: key.kid, algorithm: key.algorithm, publicKey: Array(key.publicKey.rawRepresentation))
        }
        return AuthV1.GetKeysResponse(issuer: set.issuer, keys: keys)
    }
}
