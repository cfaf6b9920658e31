public import Crypto
public import FoundationEssentials

/// AES-256-GCM (NIST SP 800-38D) as everything here that is sealed uses it: 96 bits of nonce, 128 bits of tag, in one piece
/// `nonce | ciphertext | tag`.
public enum AuthenticatedCipher {
    public enum Failure: Error, Equatable {
        /// A key that is not 256 bits long.
        case unusableKey
        /// Wrong key, wrong associated data or changed bytes.
        case notAuthentic
    }

    public static let nonceSize = 12
    public static let tagSize = 16

    /// - Parameter nonce: a fresh random one, unless a published vector is checked: two values under one nonce give both away.
    public static func seal(
        _ plaintext: some DataProtocol, under key: SymmetricKey, authenticating data: some DataProtocol, nonce: AES.GCM.Nonce = AES.GCM.Nonce()
    ) throws -> [UInt8] {
        guard key.bitCount == 256 else { throw Failure.unusableKey }
        let box = try AES.GCM.seal(plaintext, using: key, nonce: nonce, authenticating: data)
        return Array(box.nonce) + box.ciphertext + box.tag
    }

    /// - Returns: the plaintext. The caller wipes it where it is a secret.
    public static func open(_ sealed: some DataProtocol, under key: SymmetricKey, authenticating data: some DataProtocol) throws(Failure) -> [UInt8] {
        guard key.bitCount == 256 else { throw .unusableKey }
        guard sealed.count >= nonceSize + tagSize, let box = try? AES.GCM.SealedBox(combined: sealed),
            var opened = try? AES.GCM.open(box, using: key, authenticating: data)
        else { throw .notAuthentic }
        defer { opened.resetBytes(in: opened.startIndex..<opened.endIndex) }
        return Array(opened)
    }
}
