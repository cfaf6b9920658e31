internal import Crypto
internal import Foundation

/// A text with signature lines (c2sp.org/signed-note).
public struct SignedNote: Sendable, Equatable {
    /// One signature line: who says so, and what was signed with it.
    public struct Signature: Sendable, Equatable {
        public var name: String
        /// First four bytes of SHA-256(name || 0x0A || type || public key).
        public var keyID: UInt32
        public var bytes: [UInt8]
    }

    /// Why a note cannot be read or does not verify.
    public enum Failure: Error, Sendable, Equatable {
        case malformed
        /// A signature by a key that is known, and it is wrong.
        case badSignature
        /// No signature is by a known key.
        case unknownSigner
    }

    /// UTF-8, ending in a newline, no other control character.
    public let text: String
    public let signatures: [Signature]

    /// Bounds on what is read from outside.
    static let maxSignatures = 64
    static let maxBytes = 1 << 20

    init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note without checking its signatures.
    ///
    /// - Throws: `Failure.malformed`.
    public init(parsing note: String) throws(Failure) {
        // By bytes: a Swift Character can swallow a newline beside a carriage return or a combining mark.
        let bytes = Array(note.utf8)
        guard bytes.count <= Self.maxBytes, bytes.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }), !bytes.contains(0x7f),
            let split = Self.lastEmptyLine(in: bytes)
        else { throw .malformed }
        let lines = bytes[(split + 1)...].split(separator: 0x0a, omittingEmptySubsequences: false)
        guard lines.last?.isEmpty == true, (2...Self.maxSignatures + 1).contains(lines.count) else { throw .malformed }
        text = String(decoding: bytes[..<split], as: UTF8.self)
        var signatures: [Signature] = []
        for line in lines.dropLast() { signatures.append(try Self.signature(from: String(decoding: line, as: UTF8.self))) }
        self.signatures = signatures
    }

    /// The note as it is published.
    public var serialized: String {
        let lines = signatures.map { signature in
            let blob = withUnsafeBytes(of: signature.keyID.bigEndian) { Array($0) } + signature.bytes
            return "\u{2014} \(signature.name) \(Data(blob).base64EncodedString())\n"
        }
        return text + "\n" + lines.joined()
    }

    /// - Throws: `Failure.badSignature` or `.unknownSigner` unless a known key signed, and no known key's signature is wrong.
    public func verify(by verifiers: [NoteVerifier]) throws(Failure) {
        var verified = false
        for signature in signatures {
            guard let verifier = verifiers.first(where: { $0.name == signature.name && $0.keyID == signature.keyID }) else { continue }
            guard verifier.isValid(signature.bytes, for: text) else { throw .badSignature }
            verified = true
        }
        guard verified else { throw .unknownSigner }
    }

    /// Index of the second newline of the last "\n\n" before the signatures.
    private static func lastEmptyLine(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (1..<bytes.count).last { bytes[$0] == 0x0a && bytes[$0 - 1] == 0x0a }
    }

    private static func signature(from line: String) throws(Failure) -> Signature {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "\u{2014}", NoteKey.isValidName(String(parts[1])),
            let blob = Data(base64Encoded: String(parts[2])), blob.count > 4
        else { throw .malformed }
        let keyID = blob.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Signature(name: String(parts[1]), keyID: keyID, bytes: Array(blob.dropFirst(4)))
    }
}
