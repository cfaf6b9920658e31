internal import Crypto
internal import FoundationEssentials
internal import Identity
internal import KeyManagement
internal import MeshCall
internal import Secrets
internal import Synchronization

/// The keys that sign user tokens and those that verify them, as they are now.
final class TokenKeys: Sendable {
    static let secret = "token-signing-key"
    /// Longer than anybody who just fetched the keys waits before asking again (`PublishedKeys`).
    static let usualLead: Int64 = 10
    /// The longest life of a token, and a minute for clocks that differ.
    static let usualOverlap: Int64 = 360

    private struct State {
        var issuer: TokenIssuer?
        var keySet: TokenKeySet
    }

    private let environment: String
    private let state: Mutex<State>
    private let changed: @Sendable (TokenKeySet) -> Void

    private init(environment: String, changed: @escaping @Sendable (TokenKeySet) -> Void) {
        self.environment = environment
        self.changed = changed
        state = Mutex(State(keySet: TokenKeySet(issuer: EnvironmentNames.tokenIssuer(environment), keys: [])))
    }

    /// Takes up the key in the secret store, and follows it from then on as long as the returned keyring is run.
    ///
    /// - Parameter changed: told of each new set of keys that verify, the first included.
    static func open(
        environment: String, in place: KeyringPlace, schedule: KeySchedule = KeySchedule(), changed: @escaping @Sendable (TokenKeySet) -> Void
    ) async throws -> (keys: TokenKeys, keyring: StoredKeyring) {
        let keys = TokenKeys(environment: environment, changed: changed)
        let plan = StoredKeyPlan(
            kind: .tokenSigning, secret: secret, lead: schedule.leadSeconds ?? usualLead, overlap: schedule.overlapSeconds ?? usualOverlap,
            identify: { TokenKeySet.Key(try $0.ed25519SigningKey().publicKey).kid })
        let keyring = StoredKeyring(plan, in: place) { try keys.take($0) }
        try await keyring.start()
        return (keys, keyring)
    }

    /// Signs with the key in use.
    ///
    /// - Throws: `RPCError` UNAVAILABLE while there is none: the secret store is silent.
    var issuer: TokenIssuer {
        get throws(RPCError) {
            guard let issuer = state.withLock(\.issuer) else {
                throw RPCError(.unavailable, "Tokens cannot be signed just now.", reason: "SIGNING_KEY_UNAVAILABLE")
            }
            return issuer
        }
    }

    /// Those that verify: the one in use, the one to come, the one before.
    var keySet: TokenKeySet { state.withLock(\.keySet) }

    private func take(_ held: HeldKeys) throws {
        let signing = try held.keys.first { $0.state == .active }.map { try $0.value.ed25519SigningKey() }
        let verifying = try held.keys.map { TokenKeySet.Key(try $0.value.ed25519SigningKey().publicKey) }
        let issuer = signing.map { TokenIssuer(environment: environment, key: $0) }
        let keySet = state.withLock { state in
            state.issuer = issuer
            // With a silent store nothing is signed, and what was signed before still verifies. One that has the keys no more, where somebody
            // has destroyed them, says that they are to count for nothing.
            if held.failure.map(\.cause.isAbsence) ?? true { state.keySet = TokenKeySet(issuer: state.keySet.issuer, keys: verifying) }
            return state.keySet
        }
        changed(keySet)
    }
}
