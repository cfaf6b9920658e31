/// What a context is made from; kept for reloading.
struct TLSConfiguration: Sendable {
    enum Role: Sendable { case server, client }

    /// The rules for a peer's certificate.
    struct Trust: Sendable {
        var rootsPath: String
        var trustDomain: String
        var expectedName: String?
    }

    var role: Role
    /// nil: a client that has no certificate yet.
    var certificateChainPath: String?
    var privateKeyPath: String?
    /// nil: no certificate is asked of the peer.
    var trust: Trust?
    var alpn: ALPNRule

    static let cipherSuites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
    static let groups = "X25519:P-256"
    /// ECDSA on P-256 and Ed25519: the only kinds of leaf in a mesh.
    static let meshSignatureAlgorithms = "ecdsa_secp256r1_sha256:ed25519"
    /// The whole certificate message of a peer.
    static let maxCertificateBytes = 32 * 1024
    /// Intermediates between a leaf and its root.
    static let maxChainDepth: Int32 = 3
}
