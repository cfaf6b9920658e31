import Foundation
import Glibc
import Secrets
import Testing

@Suite("Secrets in files")
struct FileSecretStoreTests {
    /// A private folder, removed at the end.
    private final class Folder {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "secrets-" + UUID().uuidString
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ bytes: [UInt8], _ name: String, mode: Int = 0o600) throws {
            #expect(FileManager.default.createFile(atPath: path + "/" + name, contents: Data(bytes), attributes: [.posixPermissions: mode]))
        }

        var store: FileSecretStore { FileSecretStore(folder: path) }
    }

    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test("A private file's raw bytes are the secret")
    func reads() throws {
        try folder.write([0, 1, 2, 255, 10], "data-key")
        let secret = try folder.store.secret(named: "data-key")
        #expect(secret.withUnsafeBytes(Array.init) == [0, 1, 2, 255, 10])
    }

    @Test("A missing secret is named")
    func missing() {
        #expect(throws: SecretStoreError.notFound("data-key")) { try folder.store.secret(named: "data-key") }
    }

    @Test("A file that group or world can touch is refused", arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
    func exposedFile(mode: Int) throws {
        try folder.write([1], "data-key")
        chmod(folder.path + "/data-key", mode_t(mode))
        #expect(throws: SecretStoreError.exposed("data-key", reason: "its mode must be 0600 or less")) {
            try folder.store.secret(named: "data-key")
        }
    }

    @Test("A folder that others can enter is refused", arguments: [0o750, 0o705, 0o711, 0o777])
    func exposedFolder(mode: Int) throws {
        try folder.write([1], "data-key")
        chmod(folder.path, mode_t(mode))
        #expect(throws: SecretStoreError.self) { try folder.store.secret(named: "data-key") }
    }

    @Test("Links are not followed, neither to the file nor to the folder")
    func links() throws {
        try folder.write([1], "real")
        symlink(folder.path + "/real", folder.path + "/data-key")
        #expect(throws: SecretStoreError.exposed("data-key", reason: "symbolic links are not followed")) {
            try folder.store.secret(named: "data-key")
        }
        let outer = try Folder()
        symlink(folder.path, outer.path + "/secrets")
        #expect(throws: SecretStoreError.self) { try FileSecretStore(folder: outer.path + "/secrets").secret(named: "real") }
    }

    @Test("Another user's file is refused", .enabled(if: geteuid() == 0, "changing a file's owner needs root"))
    func otherOwner() throws {
        try folder.write([1], "data-key")
        #expect(chown(folder.path + "/data-key", 65534, 65534) == 0)
        #expect(throws: SecretStoreError.exposed("data-key", reason: "another user owns it")) {
            try folder.store.secret(named: "data-key")
        }
    }

    @Test("A pipe or a folder under the name is refused without blocking")
    func notAFile() throws {
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/inner", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in ["pipe", "inner"] {
            #expect(throws: SecretStoreError.exposed(name, reason: "it is not a regular file")) { try folder.store.secret(named: name) }
        }
    }

    @Test("Empty and oversized files are refused")
    func sizes() throws {
        try folder.write([], "empty")
        try folder.write(.init(repeating: 1, count: FileSecretStore.maximumSize + 1), "huge")
        for name in ["empty", "huge"] {
            #expect(throws: SecretStoreError.self) { try folder.store.secret(named: name) }
        }
    }

    @Test(
        "Names cannot leave the folder",
        arguments: ["", ".", "..", "../data-key", "a/b", "a\0b", "Data-Key", "data_key", ".hidden", String(repeating: "a", count: 65)])
    func names(name: String) {
        #expect(throws: SecretStoreError.invalidName(name)) { try folder.store.secret(named: name) }
    }
}
