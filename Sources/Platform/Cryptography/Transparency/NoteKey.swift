public import Crypto
internal import Foundation

/// What the two kinds of note key share.
enum NoteKey {
    /// The signature type byte of Ed25519.
    static let ed25519: UInt8 = 0x01

    static func isValidName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20 }
    }

    static func keyID(name: String, publicKey: [UInt8]) -> UInt32 {
        var hasher = SHA256()
        hasher.update(data: Array(name.utf8) + [0x0a, ed25519] + publicKey)
        return hasher.finalize().prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
}

/// Signs notes with Ed25519.
public struct NoteSigner: Sendable {
    public let name: String
    private let key: Curve25519.Signing.PrivateKey

    /// - Returns: nil when the name is empty or has a space or a plus.
    public init?(name: String, key: Curve25519.Signing.PrivateKey) {
        guard NoteKey.isValidName(name) else { return nil }
        self.name = name
        self.key = key
    }

    public var verifier: NoteVerifier { NoteVerifier(name: name, key: key.publicKey) }

    /// - Parameter text: ends in a newline.
    public func sign(_ text: String) throws -> SignedNote {
        guard text.hasSuffix("\n") else { throw SignedNote.Failure.malformed }
        let bytes = try key.signature(for: Data(text.utf8))
        return SignedNote(text: text, signatures: [.init(name: name, keyID: verifier.keyID, bytes: Array(bytes))])
    }
}

/// Checks notes signed with one Ed25519 key.
public struct NoteVerifier: Sendable {
    public let name: String
    public let keyID: UInt32
    private let key: Curve25519.Signing.PublicKey

    init(name: String, key: Curve25519.Signing.PublicKey) {
        self.name = name
        self.key = key
        keyID = NoteKey.keyID(name: name, publicKey: Array(key.rawRepresentation))
    }

    /// Reads a vkey: `<name>+<8 hex digits of the key id>+<base64 of type and key>`.
    ///
    /// - Returns: nil when it is malformed, of another type, or its id is not its key's.
    public init?(_ verifierKey: String) {
        // The base64 part may hold a plus of its own: only the first two separate.
        let parts = verifierKey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, NoteKey.isValidName(parts[0]), parts[1].count == 8, let keyID = UInt32(parts[1], radix: 16),
            let blob = Data(base64Encoded: parts[2]), blob.first == NoteKey.ed25519,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: blob.dropFirst())
        else { return nil }
        self.init(name: parts[0], key: key)
        guard keyID == self.keyID else { return nil }
    }

    public var verifierKey: String {
        let digits = String(keyID, radix: 16)
        let id = String(repeating: "0", count: 8 - digits.count) + digits
        return "\(name)+\(id)+\(Data([NoteKey.ed25519] + key.rawRepresentation).base64EncodedString())"
    }

    func isValid(_ signature: [UInt8], for text: String) -> Bool {
        key.isValidSignature(Data(signature), for: Data(text.utf8))
    }
}
