import Crypto
import Foundation
import Identity
import MeshCall
import ServiceKit
import Testing

/// A genuine token of one environment before a verifier of another.
struct TokenMeeting {
    let owner: String
    let host: String
    var kind = TokenKind.access

    /// Each has its own key: the verifier has never seen the token's.
    func ownKeys() async throws -> String? {
        let theirs = TokenIssuer(environment: owner, key: .init())
        let own = owner == host ? theirs : TokenIssuer(environment: host, key: .init())
        return try await verify(try await token(theirs), own.keySet)
    }

    /// Somebody gave both the same key, and the token is signed with it.
    func sameKey() async throws -> String? {
        let key = Curve25519.Signing.PrivateKey()
        return try await verify(try await token(TokenIssuer(environment: owner, key: key)), TokenIssuer(environment: host, key: key).keySet)
    }

    private func token(_ issuer: TokenIssuer) async throws -> String {
        let user = UUID().uuidString.lowercased()
        let access = try await issuer.access(userID: user, scope: ["order:read"], methods: ["pwd"], sessionID: "s").token
        switch kind {
        case .access: return access
        case .agent:
            let verified = try await TokenVerifier(environment: owner).verify(access, accepting: [TokenKind.access.rawValue], keys: issuer.keySet)
            return try await issuer.agent(for: verified, scope: ["order:read"]).token
        case .signOff: return try await issuer.signOff(userID: user, digest: [UInt8](repeating: 7, count: 32), methods: ["pwd", "otp"]).token
        }
    }

    private func verify(_ token: String, _ keys: TokenKeySet) async throws -> String? {
        do {
            _ = try await TokenVerifier(environment: host).verify(token, accepting: [kind.rawValue], keys: keys)
            return nil
        } catch let failure as TokenFailure {
            // The log is told both names, the bearer none.
            let refused = RPCError(refusing: failure)
            #expect(refused.reason == "TOKEN_INVALID" && !refused.message.contains(owner) && !refused.message.contains(host))
            return "\(failure)"
        }
    }
}
