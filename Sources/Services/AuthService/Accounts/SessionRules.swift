internal import Cryptography
internal import Identity

/// How long sessions live and what their tokens may do.
enum SessionRules {
    /// Seconds from sign-in, whatever happens.
    static let lifetime: Int64 = 12 * 3600
    /// Live sessions of one person; the oldest gives way.
    static let mostPerUser = 20
    /// Refreshes of one session: one every half minute all its life.
    static let mostRefreshes: Int64 = 1440

    /// What a person's own access token may do.
    static let scope = ["chat", "market:read", "portfolio:read", "order:read", "order:sign", "exchange:link", "audit:read"]
    /// What this person's may do: more for an admin, and for a person whom one has verified.
    static func scope(of standing: Standing?) -> [String] {
        scope + (standing?.role == .admin ? [PersonScopes.verifyUsers] : []) + (standing?.verifiedAt == nil ? [] : [PersonScopes.liveExchange])
    }

    /// What a token for the agent may do at most. `order:propose` is the one scope that a person's own token doesn't carry:
    /// whoever may chat may have the agent propose.
    static let agentScope: Set<String> = ["market:read", "portfolio:read", "order:propose"]
}

/// A refresh token: 256 random bits that only the client keeps. The database knows their SHA-256.
struct RefreshToken {
    private static let size = 32

    let text: String
    let hash: [UInt8]

    static func fresh() -> RefreshToken {
        let bytes = SecureRandom.bytes(size)
        return RefreshToken(text: Base64URL.encode(bytes), hash: Hashing.sha256(bytes))
    }

    /// - Returns: nil for what can't be one.
    init?(_ text: String) {
        guard text.utf8.count < 64, let bytes = Base64URL.decode(text), bytes.count == Self.size else { return nil }
        self.text = text
        hash = Hashing.sha256(bytes)
    }

    private init(text: String, hash: [UInt8]) {
        self.text = text
        self.hash = hash
    }
}
