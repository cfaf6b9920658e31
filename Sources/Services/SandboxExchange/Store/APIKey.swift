import FoundationEssentials

/// A registered API key. What verifies its signatures is sealed: an HMAC secret could sign as well.
struct APIKey: Sendable {
    enum KeyType: String, Sendable {
        case ed25519
        case hmac
    }

    let apiKey: String
    let account: Int64
    let type: KeyType
    /// The raw Ed25519 public key or the HMAC secret, sealed by the data key.
    let sealedMaterial: Data
    let rights: Rights
    let label: String
    /// Milliseconds since 1970; when it was registered.
    var createdTime: Int64 = 0

    /// What its owner allowed it. Every key reads.
    struct Rights: Sendable, Equatable {
        var canTrade = false
        var canWithdraw = false
        /// From where it is taken; from anywhere when empty.
        var addresses: Set<String> = []

        /// As Binance has it: a key that withdraws must be restricted to addresses.
        var isAllowed: Bool { !canWithdraw || !addresses.isEmpty }
    }
}
