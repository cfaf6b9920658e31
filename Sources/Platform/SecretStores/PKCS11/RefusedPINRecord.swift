internal import Crypto
internal import Cryptography
internal import FoundationEssentials
internal import Secrets

/// The file that says which PIN a token refused last. It has no PIN: Argon2id of it (RFC 9106, 64 MiB and three passes), with a salt of its own.
struct RefusedPINRecord: Sendable {
    struct Entry: Codable, Sendable {
        var salt: Data
        var hash: Data
    }

    private static let name = "refused-pins.json"
    /// Bytes of the file.
    private static let maximumSize = 65_536

    private let folder: String
    /// By the token's label.
    private var entries: [String: Entry] = [:]

    init(folder: String) {
        self.folder = folder
    }

    var path: String { "\(folder)/\(Self.name)" }

    /// - Throws: `SecretStoreError.Cause`.
    mutating func read() throws {
        do {
            let bytes = try PrivateFile().read(path: path, atMost: Self.maximumSize)
            entries = try JSONDecoder().decode([String: Entry].self, from: bytes.withUnsafeBytes { Data($0) })
        } catch SecretStoreError.Cause.notFound {
            return
        } catch is DecodingError {
            throw SecretStoreError.Cause.unusable("\(path) is not understood")
        }
    }

    /// - Throws: `unavailable` when it cannot be computed: then it is better not tried.
    func has(_ pin: SecretBytes, of token: String) throws -> Bool {
        guard let entry = entries[token] else { return false }
        return try Self.hash(pin, salt: Array(entry.salt)) == entry.hash
    }

    /// What is written down of a PIN. To be made before the record is locked: it takes a tenth of a second.
    static func entry(of pin: SecretBytes) throws -> Entry {
        let salt = SecureRandom.bytes(PassphraseKey.saltSize)
        return Entry(salt: Data(salt), hash: try hash(pin, salt: salt))
    }

    mutating func put(_ entry: Entry, of token: String) throws {
        entries[token] = entry
        try write()
    }

    mutating func remove(_ token: String) throws {
        guard entries.removeValue(forKey: token) != nil else { return }
        try write()
    }

    private func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try FolderWriter.unlocked(folder).replace(Self.name, with: SecretBytes(copying: Array(try encoder.encode(entries))))
    }

    private static func hash(_ pin: SecretBytes, salt: [UInt8]) throws -> Data {
        do {
            let key = try PassphraseKey.deriveBlocking(from: pin.withUnsafeBytes { Array($0) }, salt: salt)
            return key.withUnsafeBytes { Data($0) }
        } catch {
            throw SecretStoreError.Cause.unavailable("whether the token refused this PIN before cannot be computed: \(error)")
        }
    }
}
