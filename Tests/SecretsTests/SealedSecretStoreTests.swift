import Foundation
import Glibc
@testable import Secrets
import Testing

@Suite("Secrets in a sealed file")
struct SealedSecretStoreTests {
    private static let marker = Array("hunter2-marker-of-a-sealed-value".utf8)
    private let folder: PrivateFolder
    private let key: MemoryWrappingKey
    private var path: String { folder.path + "/execution.sealed" }
    private var store: SealedSecretStore { SealedSecretStore(path: path, owner: "execution", environment: "development", key: key) }

    init() throws {
        folder = try PrivateFolder()
        key = try MemoryWrappingKey(SecretBytes(copying: (0..<32).map { UInt8($0) }))
    }

    private func cause(_ store: SealedSecretStore? = nil, _ name: String = "data-key") async -> SecretStoreError.Cause? {
        do {
            _ = try await (store ?? self.store).secret(named: name)
            return nil
        } catch {
            return (error as? SecretStoreError)?.cause
        }
    }

    /// A file with one secret in it.
    private func fill() async throws -> [UInt8] {
        try await store.put(SecretBytes(copying: Self.marker), as: "data-key", at: .current)
        return try folder.read("execution.sealed")
    }

    @Test("Without the key the file tells no value, raw or encoded, and it is this user's alone")
    func tellsNothing() async throws {
        let bytes = try await fill()
        for form in [Data(Self.marker), Data(Data(Self.marker).base64EncodedString().utf8)] { #expect(Data(bytes).range(of: form) == nil) }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try await store.secret(named: "data-key") == SecretBytes(copying: Self.marker))
    }

    @Test("A wrong key is named, with the one that is needed")
    func wrongKey() async throws {
        _ = try await fill()
        let other = try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
        let found = await cause(SealedSecretStore(path: path, owner: "execution", environment: "development", key: other))
        #expect(found == .wrongKey(needed: key.id, given: other.id))
    }

    @Test("Every flipped byte is told to be damage, never a wrong key")
    func flippedBytes() async throws {
        let bytes = try await fill()
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[index] ^= 0x01
            try folder.write(changed, "execution.sealed")
            guard case .damaged? = await cause() else {
                Issue.record("byte \(index) gave \(String(describing: await cause()))")
                continue
            }
        }
        try folder.write(Array(bytes.dropLast(20)), "execution.sealed")
        guard case .damaged? = await cause() else { return #expect(Bool(false), "a cut file") }
    }

    /// Changes the document as somebody would who can compute a checksum.
    private func forge(_ old: String, _ new: String) throws {
        let text = String(decoding: try folder.read("execution.sealed"), as: UTF8.self)
        #expect(text.contains(old))
        let parts = text.replacingOccurrences(of: old, with: new).components(separatedBy: "\nsha256 ")
        let sum = SHA256Hex.of(Array(parts[0].utf8))
        try folder.write(Array("\(parts[0])\nsha256 \(sum)\n".utf8), "execution.sealed")
    }

    @Test("A file of another environment is refused whichever key there is, and cannot be made this one's without it")
    func otherEnvironment() async throws {
        _ = try await fill()
        let production = SealedSecretStore(path: path, owner: "execution", environment: "production", key: key)
        #expect(await cause(production) == .otherEnvironment(found: "development", expected: "production"))
        let other = try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
        let withOther = SealedSecretStore(path: path, owner: "execution", environment: "production", key: other)
        #expect(await cause(withOther) == .otherEnvironment(found: "development", expected: "production"))
        await #expect(throws: SecretStoreError.self) { try await production.put(SecretBytes(copying: [1]), as: "data-key", at: .current) }
        try forge("\"development\"", "\"production\"")
        #expect(await cause(production) == .tampered("its MAC does not hold"))
    }

    @Test("A change with a good checksum is told to be somebody's work")
    func forged() async throws {
        _ = try await fill()
        try forge("\"current\"", "\"pending\"")
        #expect(await cause() == .tampered("its MAC does not hold"))
    }

    @Test("An older file put back is refused by who saw the newer")
    func rolledBack() async throws {
        let old = try await fill()
        let reader = store
        try await reader.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
        _ = try await reader.secret(named: "data-key")
        try folder.write(old, "execution.sealed")
        #expect(await cause(reader) == .tampered("an older file was put in its place"))
    }

    @Test("A file of another service is refused")
    func otherOwner() async throws {
        _ = try await fill()
        let agents = SealedSecretStore(path: path, owner: "agent", environment: "development", key: key)
        #expect(await cause(agents) == .denied("it is execution's file, and this is agent"))
    }

    @Test("A file that others may read is refused", arguments: [0o640, 0o604, 0o644])
    func exposed(mode: Int) async throws {
        _ = try await fill()
        chmod(path, mode_t(mode))
        #expect(await cause() == .exposed("its mode must be 0600 or less"))
    }

    @Test("A passphrase opens what it sealed; another is a wrong key")
    func passphrase() async throws {
        let cost = WrappedKey.Cost(memoryKiB: 64, passes: 1)
        func store(_ text: String) throws -> SealedSecretStore {
            SealedSecretStore(
                path: path, owner: "execution", environment: "development",
                key: try PassphraseWrappingKey(SecretBytes(copying: Array(text.utf8)), cost: cost))
        }
        try await store("correct horse battery").put(SecretBytes(copying: [5]), as: "data-key", at: .current)
        #expect(try await store("correct horse battery").secret(named: "data-key") == SecretBytes(copying: [5]))
        guard case .wrongKey? = await cause(try store("incorrect horse battery")) else { return #expect(Bool(false), "another passphrase") }
        #expect(throws: SecretStoreError.Cause.self) { try PassphraseWrappingKey(SecretBytes(copying: Array("short".utf8))) }
    }

    @Test("Sealed anew, every version is what it was, under other keys; the old ones open nothing")
    func resealed() async throws {
        _ = try await fill()
        try await store.put(SecretBytes(copying: [1]), as: "other", at: .current)
        try await store.put(SecretBytes(copying: [2]), as: "other", at: .current)
        let (versions, before) = (try await store.versions(of: "other"), try #require(FileManager.default.contents(atPath: path)))
        let other = try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
        try await store.reseal(under: other)
        let again = SealedSecretStore(path: path, owner: "execution", environment: "development", key: other)
        #expect(try await again.secret(named: "data-key") == SecretBytes(copying: Self.marker))
        #expect(try await again.versions(of: "other") == versions)
        #expect(try await again.value(of: "other", at: .previous).bytes == SecretBytes(copying: [1]))
        #expect(await cause() == .wrongKey(needed: other.id, given: key.id))
        // No value's bytes are those of the file before, so that its data key is of no more use.
        let (old, new) = (try Self.sealedValues(before), try Self.sealedValues(try #require(FileManager.default.contents(atPath: path))))
        #expect(old.count == 3 && old.isDisjoint(with: new))
    }

    private static func sealedValues(_ file: Data) throws -> Set<Data> {
        let document = try SealedFile(Array(file)).document
        return Set(document.secrets.values.flatMap { $0.compactMap(\.sealed) })
    }

    @Test("A key file is replaced while others use it; broken off at any step, everybody still opens the file and the next time ends it")
    func keyFile() async throws {
        let keys = path + ".keys"
        try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        func write(_ byte: UInt8, _ name: String) throws {
            try Data(repeating: byte, count: 32).write(to: URL(filePath: keys + "/" + name))
            chmod(keys + "/" + name, 0o600)
        }
        func open(_ key: any WrappingKey) -> SealedSecretStore {
            SealedSecretStore(path: path, owner: "execution", environment: "development", key: key)
        }
        try write(1, "key")
        let file = WrappingKeyFile(path: keys + "/key")
        let service = open(try file.key())
        try await service.put(SecretBytes(copying: Self.marker), as: "data-key", at: .current)
        let sealed = path
        func replace() async throws {
            try await file.replace { SealedSecretStore(path: sealed, owner: "execution", environment: "development", key: $0) }
        }
        try await replace()
        #expect(try await service.secret(named: "data-key") == SecretBytes(copying: Self.marker))
        #expect(try Data(contentsOf: URL(filePath: keys + "/key")) != Data(repeating: 1, count: 32))
        #expect(try FileManager.default.contentsOfDirectory(atPath: keys).filter { $0.contains("next") }.isEmpty)
        // Ended before the sealing: the next key wraps nothing.
        try write(2, "key.next")
        #expect(try await open(try file.key()).secret(named: "data-key") == SecretBytes(copying: Self.marker))
        // Ended after it: only the next key opens the file.
        try await service.reseal(under: try MemoryWrappingKey(SecretBytes(copying: [UInt8](repeating: 2, count: 32))))
        for store in [service, open(try file.key())] { #expect(try await store.secret(named: "data-key") == SecretBytes(copying: Self.marker)) }
        try await replace()
        for store in [service, open(try file.key())] { #expect(try await store.secret(named: "data-key") == SecretBytes(copying: Self.marker)) }
        try await service.put(SecretBytes(copying: [3]), as: "data-key", at: .current)
        #expect(try await open(try file.key()).secret(named: "data-key") == SecretBytes(copying: [3]))
    }

    @Test("Versions without a stage are dropped from the oldest on; revoked values are gone from the file")
    func pruned() async throws {
        for index in 0..<30 { try await store.put(SecretBytes(copying: [UInt8(index)]), as: "data-key", at: .current) }
        let versions = try await store.versions(of: "data-key")
        #expect(versions.count == 16 && versions.first?.id == "30" && versions.last?.id == "15")
        try await store.revoke("30", of: "data-key")
        #expect(await cause() == .revoked)
        #expect(try await store.value(of: "data-key", at: .previous).version.id == "29")
    }

    @Test("Writers at the same time lose nothing of each other")
    func concurrentWriters() async throws {
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<12 {
                group.addTask { try await store.put(SecretBytes(copying: [UInt8(index)]), as: "secret-\(index)", at: .current) }
            }
            try await group.waitForAll()
        }
        for index in 0..<12 { #expect(try await store.secret(named: "secret-\(index)") == SecretBytes(copying: [UInt8(index)])) }
    }

    @Test("What a crash left half written is not taken for the file")
    func leftovers() async throws {
        _ = try await fill()
        try folder.write(Array("half".utf8), ".execution.sealed.abc.tmp")
        #expect(await cause() == nil)
    }
}
