internal import Cryptography

/// A file with a 256-bit wrapping key, which can be replaced while its users run. While that is done the key to come lies beside it, as `<path>.next`:
/// whichever of the two wraps the sealed file, it is there.
public struct WrappingKeyFile: Sendable {
    private static let nextSuffix = ".next"
    private static let maximumSize = 4096

    private let path: String

    /// - Parameter path: 32 bytes, or 64 hexadecimal digits, in a folder of mode 0700.
    public init(path: String) {
        self.path = path
    }

    /// - Throws: `SecretStoreError.Cause`: `denied` when there is no such file.
    public func key() throws -> any WrappingKey { try key {} }

    /// - Parameter meanwhile: what happens between the two reads. For tests.
    func key(meanwhile: @escaping @Sendable () throws -> Void) throws -> any WrappingKey {
        try ReloadingWrappingKey { [self] in
            // The key to come first: renamed meanwhile, it is found under its new name. The other way round a key could be in neither.
            let next = try read(path + Self.nextSuffix)
            try meanwhile()
            guard let key = try read(path) else { throw SecretStoreError.Cause.denied("the key file \(path) does not exist") }
            return [key] + [next].compactMap(\.self)
        }
    }

    /// Has a file sealed anew under a new data key and a new wrapping key. Broken off at any point, the next time goes on from there.
    ///
    /// - Parameter store: opens the sealed file with a wrapping key.
    /// - Throws: `SecretStoreError`, `SecretStoreError.Cause`.
    public func replace(sealing store: @Sendable (any WrappingKey) -> SealedSecretStore) async throws {
        let (folder, name) = PrivateFile.split(path)
        let writer = try await FolderWriter.locked(folder)
        let next = name + Self.nextSuffix
        // A time before may have ended after the sealing.
        if let key = try read(path + Self.nextSuffix), try await store(key).isOpen { try writer.rename(next, to: name) }
        var random = SecureRandom.bytes(MemoryWrappingKey.size)
        let fresh = SecretBytes(taking: &random)
        try writer.replace(next, with: fresh)
        try await store(try key()).reseal(under: try MemoryWrappingKey(fresh))
        try writer.rename(next, to: name)
    }

    /// - Returns: nil where there is none.
    private func read(_ path: String) throws -> MemoryWrappingKey? {
        do {
            return try MemoryWrappingKey(try SecretText.key(try PrivateFile().read(path: path, atMost: Self.maximumSize), size: MemoryWrappingKey.size))
        } catch SecretStoreError.Cause.notFound {
            return nil
        }
    }
}
