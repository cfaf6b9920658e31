internal import Crypto
internal import Cryptography
internal import FoundationEssentials

/// A sealed document as bytes: JSON, a line with its HMAC under the data key, a line with the SHA-256 of all before it.
///
/// The checksum can be checked without any key: bytes that changed by accident are told from a wrong key, and both from bytes that somebody
/// changed who could compute a checksum and not the MAC.
struct SealedFile {
    static let maximumSize = 8 << 20
    private static let (macLine, sumLine) = (Array("\nhmac-sha256 ".utf8), Array("\nsha256 ".utf8))
    private static let digestDigits = 64

    let document: SealedDocument
    private let body: ArraySlice<UInt8>
    private let mac: [UInt8]

    /// Checks the checksum and reads the document. Nothing in it may be trusted before `authenticate`.
    ///
    /// - Throws: `damaged`, `unusable`.
    init(_ bytes: [UInt8]) throws(SecretStoreError.Cause) {
        let (rest, sum) = try Self.split(bytes[...], Self.sumLine)
        guard Hashing.equalInConstantTime(Hashing.sha256(rest), sum) else { throw .damaged("its checksum does not hold") }
        (body, mac) = try Self.split(rest, Self.macLine)
        guard let document = try? JSONDecoder().decode(SealedDocument.self, from: Data(body)), document.format == SealedDocument.format else {
            throw .unusable("it is no \(SealedDocument.format) file")
        }
        self.document = document
    }

    /// - Throws: `tampered`.
    func authenticate(_ keys: SealingKeys) throws(SecretStoreError.Cause) {
        guard Hashing.equalInConstantTime(keys.mac(body), mac) else { throw .tampered("its MAC does not hold") }
    }

    static func bytes(_ document: SealedDocument, _ keys: SealingKeys) throws -> SecretBytes {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(document))
        bytes += macLine + Hex.encode(keys.mac(bytes[...])).utf8
        bytes += sumLine + Hex.encode(Hashing.sha256(bytes)).utf8 + [UInt8(ascii: "\n")]
        guard bytes.count <= maximumSize else { throw SecretStoreError.Cause.limit("the file would have \(bytes.count) bytes") }
        return SecretBytes(copying: bytes)
    }

    /// Cuts off the last line, which must be `marker` and a digest.
    private static func split(_ bytes: ArraySlice<UInt8>, _ marker: [UInt8]) throws(SecretStoreError.Cause) -> (ArraySlice<UInt8>, [UInt8]) {
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
        let digits = line.suffix(digestDigits)
        let rest = line.dropLast(digestDigits)
        guard rest.suffix(marker.count).elementsEqual(marker), let digest = Hex.decode(String(decoding: digits, as: UTF8.self)) else {
            throw .damaged("it does not end as a sealed file does")
        }
        return (rest.dropLast(marker.count), digest)
    }
}

/// The keys of one sealed file, derived from its data key.
struct SealingKeys {
    static let dataKeySize = 32
    private let sealing: SymmetricKey
    private let authenticating: SymmetricKey

    init(dataKey: SecretBytes) {
        let root = dataKey.symmetricKey
        sealing = Hashing.hkdfSHA256(root, info: Array("cryptopulse sealed value v1".utf8))
        authenticating = Hashing.hkdfSHA256(root, info: Array("cryptopulse sealed file v1".utf8))
    }

    func mac(_ body: ArraySlice<UInt8>) -> [UInt8] {
        Hashing.hmacSHA256(body, key: authenticating)
    }

    /// A value for exactly one version of one secret of one owner.
    func seal(_ value: SecretBytes, _ address: SealedAddress) throws -> Data {
        try value.withUnsafeBytes { Data(try AuthenticatedCipher.seal($0, under: sealing, authenticating: address.bytes)) }
    }

    /// - Throws: `tampered`.
    func open(_ sealed: Data, _ address: SealedAddress) throws(SecretStoreError.Cause) -> SecretBytes {
        guard var opened = try? AuthenticatedCipher.open(sealed, under: sealing, authenticating: address.bytes) else {
            throw .tampered("its value does not open")
        }
        return SecretBytes(taking: &opened)
    }
}

/// Where a sealed value stands; it opens nowhere else.
struct SealedAddress {
    let environment: String
    let owner: String
    let name: String
    let version: UInt64

    var bytes: [UInt8] {
        // A name has no NUL, so that the parts cannot be shifted.
        Array(environment.utf8) + [0] + Array(owner.utf8) + [0] + Array(name.utf8) + [0] + withUnsafeBytes(of: version.bigEndian, Array.init)
    }
}
