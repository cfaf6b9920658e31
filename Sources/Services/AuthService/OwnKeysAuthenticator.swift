internal import FoundationEssentials
internal import Identity
internal import MeshCall
internal import ServiceKit

/// Checks the user tokens of calls to auth itself, with the keys that signed them.
struct OwnKeysAuthenticator: TokenAuthenticator {
    let verifier: TokenVerifier
    let tokens: TokenKeys
    let clock: @Sendable () -> Date

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        do {
            let verified = try await verifier.verify(token, accepting: Set(accepted.map(\.rawValue)), keys: tokens.keySet, now: clock())
            return try Principal(verified)
        } catch let failure as TokenFailure {
            throw RPCError(refusing: failure)
        }
    }

    /// The token in an `authorization` value.
    static func bearer(_ value: String) -> String? {
        let scheme = "Bearer "
        return value.hasPrefix(scheme) ? String(value.dropFirst(scheme.count)) : nil
    }
}
