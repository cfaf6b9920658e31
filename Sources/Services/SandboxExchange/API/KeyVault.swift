import Crypto
import Cryptography
import FoundationEssentials

/// Makes API keys, seals what verifies their signatures, and verifies.
struct KeyVault: Sendable {
    private let cipher: ColumnCipher

    init(cipher: ColumnCipher) {
        self.cipher = cipher
    }

    enum Failure: Error {
        case notAnEd25519Key
    }

    /// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }: RFC 8410 section 4.
    private static let spkiPrefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
    private static let keyLength = 64

    /// 64 letters and digits, like Binance's.
    static func randomText() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var random = SystemRandomNumberGenerator()
        return String((0..<keyLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
    }

    static func isWellFormed(_ apiKey: String) -> Bool {
        (1...keyLength).contains(apiKey.utf8.count) && apiKey.unicodeScalars.allSatisfy { isAlphanumeric($0) }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("A"..."Z").contains(scalar) || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    /// - Parameter pem: SubjectPublicKeyInfo.
    /// - Throws: `Failure.notAnEd25519Key`.
    func register(ed25519 pem: String, account: Int64, rights: APIKey.Rights, label: String) throws -> APIKey {
        let lines = pem.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " } }
        guard lines.first == "-----BEGIN PUBLIC KEY-----", lines.last == "-----END PUBLIC KEY-----",
            let der = Data(base64Encoded: lines.dropFirst().dropLast().joined()), der.starts(with: Self.spkiPrefix),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: der.dropFirst(Self.spkiPrefix.count))
        else { throw Failure.notAnEd25519Key }
        return try make(.ed25519, material: key.rawRepresentation, account: account, rights: rights, label: label)
    }

    func register(hmac secret: String, account: Int64, rights: APIKey.Rights, label: String) throws -> APIKey {
        try make(.hmac, material: Data(secret.utf8), account: account, rights: rights, label: label)
    }

    private func make(_ type: APIKey.KeyType, material: Data, account: Int64, rights: APIKey.Rights, label: String) throws -> APIKey {
        let apiKey = Self.randomText()
        return APIKey(
            apiKey: apiKey, account: account, type: type, sealedMaterial: Data(try cipher.seal(material, at: Self.address(apiKey))),
            rights: rights, label: label)
    }

    /// Hexadecimal in either case for HMAC, base64 for Ed25519.
    func isValid(_ signature: String, of payload: String, by key: APIKey) throws -> Bool {
        let material = try cipher.open(Array(key.sealedMaterial), at: Self.address(key.apiKey))
        switch key.type {
        case .hmac:
            guard let mac = Self.bytes(hex: signature) else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: Array(payload.utf8), using: SymmetricKey(data: material))
        case .ed25519:
            guard let signature = Data(base64Encoded: signature) else { return false }
            return try Curve25519.Signing.PublicKey(rawRepresentation: material).isValidSignature(signature, for: Array(payload.utf8))
        }
    }

    private static func address(_ apiKey: String) -> ColumnAddress {
        ColumnAddress(table: "api_key", column: "material", row: apiKey)
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) }
        return bytes.count == 32 ? bytes : nil
    }
}
