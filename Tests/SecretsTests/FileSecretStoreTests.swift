import Foundation
import Glibc
import Secrets
import Testing

@Suite("Secrets in files")
struct FileSecretStoreTests {
    private let folder: PrivateFolder

    init() throws {
        folder = try PrivateFolder()
    }

    private var store: FileSecretStore { FileSecretStore(folder: folder.path) }

    /// What the store says of one secret.
    private func failure(_ cause: SecretStoreError.Cause, _ name: String = "data-key") -> SecretStoreError {
        SecretStoreError(store: "files", secret: name, cause: cause)
    }

    @Test("A private file's raw bytes are the secret")
    func reads() async throws {
        try folder.write([0, 1, 2, 255, 10], "data-key")
        let secret = try await store.secret(named: "data-key")
        #expect(secret.withUnsafeBytes(Array.init) == [0, 1, 2, 255, 10])
    }

    @Test("A missing secret is named")
    func missing() async throws {
        await #expect(throws: failure(.notFound)) { try await store.secret(named: "data-key") }
    }

    @Test("A file that group or world can touch is refused", arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
    func exposedFile(mode: Int) async throws {
        try folder.write([1], "data-key")
        chmod(folder.path + "/data-key", mode_t(mode))
        await #expect(throws: failure(.exposed("its mode must be 0600 or less"))) {
            try await store.secret(named: "data-key")
        }
    }

    @Test("A folder that others can enter is refused", arguments: [0o750, 0o705, 0o711, 0o777])
    func exposedFolder(mode: Int) async throws {
        try folder.write([1], "data-key")
        chmod(folder.path, mode_t(mode))
        await #expect(throws: SecretStoreError.self) { try await store.secret(named: "data-key") }
    }

    @Test("Links are not followed, neither to the file nor to the folder")
    func links() async throws {
        try folder.write([1], "real")
        symlink(folder.path + "/real", folder.path + "/data-key")
        await #expect(throws: failure(.exposed("symbolic links are not followed"))) {
            try await store.secret(named: "data-key")
        }
        let outer = try PrivateFolder()
        symlink(folder.path, outer.path + "/secrets")
        await #expect(throws: SecretStoreError.self) { try await FileSecretStore(folder: outer.path + "/secrets").secret(named: "real") }
    }

    @Test("Another user's file is refused", .enabled(if: geteuid() == 0, "changing a file's owner needs root"))
    func otherOwner() async throws {
        try folder.write([1], "data-key")
        #expect(chown(folder.path + "/data-key", 65534, 65534) == 0)
        await #expect(throws: failure(.exposed("another user owns it"))) {
            try await store.secret(named: "data-key")
        }
    }

    @Test("A pipe or a folder under the name is refused without blocking")
    func notAFile() async throws {
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/inner", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in ["pipe", "inner"] {
            await #expect(throws: failure(.exposed("it is not a regular file"), name)) { try await store.secret(named: name) }
        }
    }

    @Test("Empty and oversized files are refused")
    func sizes() async throws {
        try folder.write([], "empty")
        try folder.write(.init(repeating: 1, count: 65536 + 1), "huge")
        for name in ["empty", "huge"] {
            await #expect(throws: SecretStoreError.self) { try await store.secret(named: name) }
        }
    }

    @Test(
        "Names cannot leave the folder",
        arguments: ["", ".", "..", "../data-key", "a/b", "a\0b", "Data-Key", "data_key", ".hidden", String(repeating: "a", count: 65)])
    func names(name: String) async throws {
        await #expect(throws: failure(.invalidName, name)) { try await store.secret(named: name) }
    }

    // MARK: - Environments

    @Test("A folder's mark is asked at each request, whoever changes it, and is no secret itself")
    func environments() async throws {
        let production = FileSecretStore(folder: folder.path, environment: "production")
        try folder.write([7], "data-key")
        await #expect(throws: failure(.otherEnvironment(found: nil, expected: "production"), "data-key")) { try await production.secret(named: "data-key") }
        try folder.write(Array("production\n".utf8), "environment")
        #expect(try await production.secret(named: "data-key") == SecretBytes(copying: [7]))
        await #expect(throws: failure(.invalidName, "environment")) { try await production.secret(named: "environment") }
        try folder.write(Array("staging".utf8), "environment")
        let foreign = failure(.otherEnvironment(found: "staging", expected: "production"), "data-key")
        await #expect(throws: foreign) { try await production.secret(named: "data-key") }
        await #expect(throws: foreign) { try await production.put(SecretBytes(copying: [1]), as: "data-key", at: .current) }
        await #expect(throws: foreign) { try await production.versions(of: "data-key") }
        // One that others could have written says nothing.
        try folder.write(Array("production".utf8), "environment", mode: 0o644)
        await #expect(throws: SecretStoreError.self) { try await production.secret(named: "data-key") }
    }

    // MARK: - Container mounts

    private var mounted: FileSecretStore { FileSecretStore(folder: folder.path, trust: .containerMount) }

    @Test("A container's mount is read, with the modes that mounts have", arguments: [0o400, 0o440])
    func mountedFile(mode: Int) async throws {
        try folder.write([7], "data-key", mode: mode)
        chmod(folder.path, 0o755)
        #expect(try await mounted.secret(named: "data-key") == SecretBytes(copying: [7]))
        // Without the setting it is refused.
        await #expect(throws: SecretStoreError.self) { try await store.secret(named: "data-key") }
    }

    @Test("Links are followed inside a mount: an update swaps the folder that they lead to")
    func mountedLink() async throws {
        for (name, value) in [("..1", UInt8(1)), ("..2", 2)] {
            mkdir(folder.path + "/" + name, 0o755)
            try folder.write([value], name + "/data-key", mode: 0o440)
        }
        symlink("..1", folder.path + "/..data")
        symlink("..data/data-key", folder.path + "/data-key")
        #expect(try await mounted.secret(named: "data-key") == SecretBytes(copying: [1]))
        symlink("..2", folder.path + "/..next")
        rename(folder.path + "/..next", folder.path + "/..data")
        #expect(try await mounted.secret(named: "data-key") == SecretBytes(copying: [2]))
    }

    @Test("A mount's file that the world reads or the group writes is refused", arguments: [0o444, 0o460, 0o420, 0o404])
    func exposedMountedFile(mode: Int) async throws {
        try folder.write([7], "data-key")
        chmod(folder.path + "/data-key", mode_t(mode))
        await #expect(throws: failure(.exposed("its mode must be 0440 or less"))) { try await mounted.secret(named: "data-key") }
    }

    @Test("A mount that others may write is refused", arguments: [0o775, 0o757, 0o777])
    func writableMount(mode: Int) async throws {
        try folder.write([7], "data-key")
        chmod(folder.path, mode_t(mode))
        await #expect(throws: SecretStoreError.self) { try await mounted.secret(named: "data-key") }
    }

    @Test("Nothing is written to a mount")
    func mountIsReadOnly() async throws {
        await #expect(throws: failure(.readOnly)) { try await mounted.put(SecretBytes(copying: [1]), as: "data-key", at: .current) }
    }

    // MARK: - Changes

    @Test("A changed file is seen by who watches it, and its loss too")
    func watched() async throws {
        try folder.write([1], "data-key")
        var changes = store.changes(of: "data-key", every: .milliseconds(20)).makeAsyncIterator()
        guard case .versions(let first)? = await changes.next() else { return #expect(Bool(false), "no versions") }
        try await store.put(SecretBytes(copying: [2]), as: "data-key", at: .current)
        guard case .versions(let second)? = await changes.next() else { return #expect(Bool(false), "no change") }
        #expect(second.count == 2 && second.contains { $0.id == first.first?.id && $0.stages == [.previous] })
        for file in ["data-key", "data-key.previous"] { unlink(folder.path + "/" + file) }
        #expect(await changes.next() == .failure(failure(.notFound)))
    }

    @Test("Of two writers one waits for the other, and gives up after a while", .timeLimit(.minutes(1)))
    func writersTakeTurns() async throws {
        let lock = open(folder.path + "/.lock", O_RDWR | O_CREAT, 0o600)
        #expect(flock(lock, LOCK_EX) == 0)
        await #expect(throws: failure(.conflict("another writer holds its lock"))) {
            try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
        }
        close(lock)
        try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
    }
}

@Suite("Versions of one moment")
struct SimultaneousVersionTests {
    @Test("Two files with one time of change are named in one order, whenever they are asked for")
    func order() async throws {
        let folder = try PrivateFolder()
        try folder.write([1], "key")
        try folder.write([2], "key.pending")
        let moment = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_790_000_000)]
        for name in ["key", "key.pending"] { try FileManager.default.setAttributes(moment, ofItemAtPath: folder.path + "/" + name) }
        let store = FileSecretStore(folder: folder.path)
        let first = try await store.versions(of: "key")
        #expect(first.count == 2)
        for _ in 0..<50 { #expect(try await store.versions(of: "key") == first) }
    }
}
