import Crypto
import Cryptography
import Foundation
import Identity

/// Makes tokens that auth would never make: any header, any payload, any signature.
struct TokenForge {
    static let now = Date(timeIntervalSince1970: 1_790_000_000)
    static let user = "6f1c2a9e-0d3b-4f5a-8b7c-1e2d3c4b5a69"
    static let digest = [UInt8](repeating: 7, count: 32)

    let environment = "development"
    let key = Curve25519.Signing.PrivateKey()

    var issuer: TokenIssuer { TokenIssuer(environment: environment, key: key) }
    var keys: TokenKeySet { issuer.keySet }
    var verifier: TokenVerifier { TokenVerifier(environment: environment) }

    var header: [String: Any] { ["alg": "EdDSA", "typ": "at+jwt", "kid": issuer.kid] }

    var claims: [String: Any] {
        let now = Int(Self.now.timeIntervalSince1970)
        return [
            "iss": "https://auth.development.cryptopulse.internal", "aud": "cryptopulse-development", "sub": Self.user,
            "iat": now, "exp": now + 300, "jti": "one", "amr": ["pwd", "otp"], "scope": "chat", "sid": "s", "client_id": "gateway",
        ]
    }

    func verify(_ token: String, accepting: Set<String> = ["at+jwt"], at moment: Date = now) async throws -> VerifiedToken {
        try await verifier.verify(token, accepting: accepting, keys: keys, now: moment)
    }

    /// A well-signed token over changed members; nil removes one.
    func token(header headerChanges: [String: Any?] = [:], claims claimChanges: [String: Any?] = [:]) throws -> String {
        try sign(json(header, headerChanges), json(claims, claimChanges))
    }

    func sign(_ header: [UInt8], _ payload: [UInt8]) throws -> String {
        let input = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        return input + "." + Base64URL.encode(try key.signature(for: Data(input.utf8)))
    }

    func json(_ members: [String: Any], _ changes: [String: Any?] = [:]) throws -> [UInt8] {
        var members = members
        for (name, value) in changes { members[name] = value }
        return Array(try JSONSerialization.data(withJSONObject: members))
    }
}
