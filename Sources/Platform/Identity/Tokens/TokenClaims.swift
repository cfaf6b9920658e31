internal import JWTKit

/// The claims of all three kinds of token, as they stand in the payload. `TokenVerifier` judges them.
struct TokenClaims: JWTPayload {
    struct Actor: Codable {
        var sub: String
    }

    /// A string, or an array of strings (RFC 7519 section 4.1.3).
    struct Audience: Codable {
        var values: [String]

        init(_ value: String) {
            values = [value]
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            values = try (try? [container.decode(String.self)]) ?? container.decode([String].self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if values.count == 1 { try container.encode(values[0]) } else { try container.encode(values) }
        }
    }

    var iss: String
    var aud: Audience
    var sub: String
    /// Seconds since 1970, like `exp` and `nbf`.
    var iat: Int64
    var nbf: Int64?
    var exp: Int64
    var jti: String
    /// Authentication methods (RFC 8176).
    var amr: [String]
    /// Space-separated (RFC 8693 section 4.2).
    var scope: String?
    /// The session that an access token belongs to.
    var sid: String?
    /// RFC 9068 asks for it in access tokens.
    var client_id: String?
    /// Who acts for `sub` (RFC 8693 section 4.1).
    var act: Actor?
    /// base64url of the 32 bytes that a sign-off consents to.
    var digest: String?

    /// JWTKit calls this after it checked the signature. `TokenVerifier` judges the claims: it knows the environment and the time.
    func verify(using algorithm: some JWTAlgorithm) {}
}
