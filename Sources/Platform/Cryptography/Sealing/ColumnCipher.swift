public import Crypto
public import FoundationEssentials

/// Where a sealed value stands. A value moved to another row, column or table no longer opens.
public struct ColumnAddress: Sendable, Hashable {
    public let table: String
    public let column: String
    /// The row's stable id, as text.
    public let row: String

    public init(table: String, column: String, row: String) {
        self.table = table
        self.column = column
        self.row = row
    }
}

/// Encrypts single database values with AES-256-GCM.
///
/// A sealed value is `version (1 byte) | data key id (4 bytes, big-endian) | nonce (12) | ciphertext | tag (16)`; its associated data
/// are version, key id and the address, each part length-prefixed.
public struct ColumnCipher: Sendable {
    public enum Failure: Error, Equatable {
        /// A data key that is not 256 bits long, or a current key that is not among the keys.
        case unusableKey
        /// Bytes that are not a sealed value of a known version.
        case malformed
        case unknownDataKey(UInt32)
        /// Wrong key, wrong address or changed bytes.
        case notAuthentic
    }

    private static let version: UInt8 = 1
    private static let headerSize = 5
    /// Bytes that a sealed value is longer than its plaintext.
    public static let overhead = headerSize + AuthenticatedCipher.nonceSize + AuthenticatedCipher.tagSize

    /// The data keys of a column, by id.
    public struct Keys: Sendable {
        fileprivate let all: [UInt32: SymmetricKey]
        fileprivate let current: UInt32

        /// - Parameters:
        ///   - all: 256-bit data keys by id; the old ones still open what they sealed.
        ///   - current: the key that seals.
        /// - Throws: `Failure.unusableKey`.
        public init(_ all: [UInt32: SymmetricKey], current: UInt32) throws(Failure) {
            guard all[current] != nil, all.values.allSatisfy({ $0.bitCount == 256 }) else { throw .unusableKey }
            self.all = all
            self.current = current
        }

        fileprivate init(only key: SymmetricKey) {
            all = [1: key]
            current = 1
        }
    }

    private let keys: @Sendable () throws -> Keys

    /// - Parameter keys: asked for at each use; throws while they may not be used.
    public init(_ keys: @escaping @Sendable () throws -> Keys) {
        self.keys = keys
    }

    /// The same keys for good, as `Keys`.
    public init(keys: [UInt32: SymmetricKey], current: UInt32) throws {
        let keys = try Keys(keys, current: current)
        self.init { keys }
    }

    /// One data key, derived from a service's root secret.
    public init(rootKey: SymmetricKey) {
        let keys = Keys(only: Self.derivedKey(from: rootKey))
        self.init { keys }
    }

    /// Throws when nothing can be sealed or opened now: what the keys' holder says about why.
    public func check() throws { _ = try keys() }

    /// The data key of `init(rootKey:)`, by HKDF-SHA256.
    public static func derivedKey(from rootKey: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: rootKey, info: Data("cryptopulse column cipher v1".utf8), outputByteCount: 32)
    }

    /// Seals `plaintext` for exactly one address, under a fresh random nonce.
    public func seal(_ plaintext: some DataProtocol, at address: ColumnAddress) throws -> [UInt8] {
        let keys = try keys()
        guard let key = keys.all[keys.current] else { throw Failure.unknownDataKey(keys.current) }
        let header = Self.header(keyID: keys.current)
        return try header + AuthenticatedCipher.seal(plaintext, under: key, authenticating: Self.associatedData(header: header, address))
    }

    /// - Throws: `Failure`; what the keys' holder says.
    public func open(_ sealed: [UInt8], at address: ColumnAddress) throws -> [UInt8] {
        guard sealed.count >= Self.overhead, sealed[0] == Self.version else { throw Failure.malformed }
        let header = Array(sealed[..<Self.headerSize])
        let keyID = header[1...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = try keys().all[keyID] else { throw Failure.unknownDataKey(keyID) }
        do {
            return try AuthenticatedCipher.open(sealed[Self.headerSize...], under: key, authenticating: Self.associatedData(header: header, address))
        } catch {
            throw Failure.notAuthentic
        }
    }

    private static func header(keyID: UInt32) -> [UInt8] {
        [version] + bigEndian(keyID)
    }

    private static func associatedData(header: [UInt8], _ address: ColumnAddress) -> [UInt8] {
        [address.table, address.column, address.row].reduce(into: header) { data, part in
            data += bigEndian(UInt32(clamping: part.utf8.count)) + part.utf8
        }
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
}
