internal import Secrets

/// Where the sealed file lies and where its wrapping key comes from.
public struct SealedSettings: Codable, Sendable, Equatable {
    /// Exactly one. Variables are taken out of the environment when the service starts.
    public struct Key: Codable, Sendable, Equatable {
        /// A file with a passphrase, for Argon2id.
        public var passphraseFile: String?
        public var passphraseVariable: String?
        /// A file with 32 bytes, or 64 hexadecimal digits. It is read again when the sealed file turns out to be wrapped under another key.
        public var keyFile: String?
        public var keyVariable: String?

        public init(
            passphraseFile: String? = nil, passphraseVariable: String? = nil, keyFile: String? = nil, keyVariable: String? = nil
        ) {
            self.passphraseFile = passphraseFile
            self.passphraseVariable = passphraseVariable
            self.keyFile = keyFile
            self.keyVariable = keyVariable
        }
    }

    /// `secrets/<service>.sealed` in the service's folder if absent.
    public var path: String?
    public var key: Key

    public init(path: String? = nil, key: Key) {
        self.path = path
        self.key = key
    }
}

extension SealedSettings.Key {
    private static let maximumSize = 4096

    /// - Throws: `SecretStoreError.Cause`.
    func wrappingKey() throws -> any WrappingKey {
        let given = [passphraseFile, passphraseVariable, keyFile, keyVariable].compactMap(\.self)
        guard given.count == 1 else {
            throw SecretStoreError.Cause.unusable("sealed.key needs exactly one of passphraseFile, passphraseVariable, keyFile, keyVariable")
        }
        if let passphrase = try text(passphraseFile, passphraseVariable) { return try PassphraseWrappingKey(SecretText.line(passphrase)) }
        if let keyFile { return try WrappingKeyFile(path: keyFile).key() }
        guard let key = try text(nil, keyVariable) else { throw SecretStoreError.Cause.notFound }
        return try MemoryWrappingKey(try SecretText.key(key, size: MemoryWrappingKey.size))
    }

    private func text(_ file: String?, _ variable: String?) throws -> SecretBytes? {
        if let file {
            do {
                return try PrivateFile().read(path: file, atMost: Self.maximumSize)
            } catch .notFound {
                throw SecretStoreError.Cause.denied("the key file \(file) does not exist")
            }
        }
        guard let variable else { return nil }
        guard let value = EnvironmentBlock.take(variable) else {
            throw SecretStoreError.Cause.denied("the environment has no \(variable)")
        }
        return value
    }
}
