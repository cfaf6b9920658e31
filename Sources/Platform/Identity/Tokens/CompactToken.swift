internal import Cryptography

/// A compact JWS (RFC 7515 section 7.1) taken apart without interpreting it: exactly three parts, each the one canonical
/// base64url text of its bytes.
struct CompactToken {
    /// Bytes of the longest token.
    static let maximumSize = 4096
    private static let signatureSize = 64

    let header: [UInt8]
    let payload: [UInt8]

    init(_ text: String) throws(TokenFailure) {
        guard text.utf8.count <= Self.maximumSize else { throw .malformed }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { throw .malformed }
        guard let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), signature.count == Self.signatureSize
        else { throw .malformed }
        self.header = header
        self.payload = payload
    }
}
