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
    /// Without it the key only reads.
    let canTrade: Bool
    let label: String
}
