internal import Identity
internal import MeshCall

/// Checks user tokens with the keys that auth publishes.
struct PublishedKeyAuthenticator: TokenAuthenticator {
    private let verifier: TokenVerifier
    private let keys: PublishedKeys

    init(environment: String, keys: PublishedKeys) {
        verifier = TokenVerifier(environment: environment)
        self.keys = keys
    }

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        do {
            return try await verify(token, accepted, available { try await keys.current() })
        } catch TokenFailure.unknownKey {
            return try await refusing { try await verify(token, accepted, available { try await keys.renewed() }) }
        } catch let failure as TokenFailure {
            throw RPCError(refusing: failure)
        }
    }

    private func verify(_ token: String, _ accepted: [TokenType], _ keys: TokenKeySet) async throws -> Principal {
        try Principal(await verifier.verify(token, accepting: Set(accepted.map(\.rawValue)), keys: keys))
    }

    private func refusing<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let failure as TokenFailure {
            throw RPCError(refusing: failure)
        }
    }

    private func available(_ fetch: () async throws -> TokenKeySet) async throws -> TokenKeySet {
        do {
            return try await fetch()
        } catch {
            throw RPCError(.unavailable, "Tokens cannot be checked just now.", reason: "TOKEN_KEYS_UNAVAILABLE", cause: error)
        }
    }
}

/// Where the settings name no auth to ask.
struct RefusingAuthenticator: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        throw RPCError(.unavailable, "Tokens cannot be checked here.", reason: "TOKEN_KEYS_UNAVAILABLE")
    }
}
