import Foundation
@testable import Secrets
import Testing

/// Whoever opens a sealed file reads two files, and both may be replaced between the reads.
@Suite("A key file that is replaced between two reads")
struct WrappingKeyFileTests {
    private static let secret = SecretBytes(copying: Array("kept".utf8))
    private let folder: PrivateFolder
    private let file: WrappingKeyFile
    private var keyPath: String { folder.path + "/keys/key" }

    init() throws {
        folder = try PrivateFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        file = WrappingKeyFile(path: folder.path + "/keys/key")
        try Self.write(1, folder.path + "/keys/key")
    }

    private static func write(_ byte: UInt8, _ path: String) throws {
        try Data(repeating: byte, count: 32).write(to: URL(filePath: path))
        chmod(path, 0o600)
    }

    private func store(_ key: any WrappingKey) -> SealedSecretStore {
        SealedSecretStore(path: folder.path + "/execution.sealed", owner: "execution", environment: "development", key: key)
    }

    private func replace() async throws {
        let path = folder.path + "/execution.sealed"
        try await file.replace { SealedSecretStore(path: path, owner: "execution", environment: "development", key: $0) }
    }

    @Test("The next key takes its name between the reads of the two: it opens the file all the same")
    func renamed() async throws {
        let known = store(try file.key())
        try await known.put(Self.secret, as: "data-key", at: .current)
        let path = keyPath
        // Knows the first key, and reads again once that is the wrong one.
        let key = try file.key {
            guard FileManager.default.fileExists(atPath: path + ".next") else { return }
            #expect(rename(path + ".next", path) == 0)
        }
        // As a replacement stands before its last step.
        try Self.write(2, keyPath + ".next")
        try await known.reseal(under: try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 2, count: 32))))
        #expect(try await store(key).secret(named: "data-key") == Self.secret)
        #expect(!FileManager.default.fileExists(atPath: path + ".next"))
        #expect(try await known.secret(named: "data-key") == Self.secret)
    }

    /// Has the key file replaced once, between the reading of the sealed file and that of the key.
    private actor Replacing: WrappingKey {
        private let key: any WrappingKey
        private var replace: (@Sendable () async throws -> Void)?

        init(_ key: any WrappingKey, _ replace: @escaping @Sendable () async throws -> Void) {
            (self.key, self.replace) = (key, replace)
        }

        func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey { try await key.wrap(dataKey) }

        func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes {
            let now = replace
            replace = nil
            try await now?()
            return try await key.unwrap(wrapped)
        }
    }

    @Test("A sealed file whose key was replaced since it was read is read once more; one that stays as it is under another key is a wrong key")
    func replaced() async throws {
        let first = store(try file.key())
        try await first.put(Self.secret, as: "data-key", at: .current)
        // Knows the first key only.
        let key = try file.key()
        try await replace()
        #expect(try await store(Replacing(key) { try await replace() }).secret(named: "data-key") == Self.secret)
        try Self.write(9, keyPath)
        let error = try await #require(throws: SecretStoreError.self) { try await store(try file.key()).secret(named: "data-key") }
        #expect(error.cause.isWrongKey, "\(error)")
    }
}
