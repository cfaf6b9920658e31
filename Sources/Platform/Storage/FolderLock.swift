internal import Foundation
internal import Glibc
internal import Synchronization

/// Holds a folder for one opener. SQLite before 3.51.3 can damage a WAL database that two connections write to, and two
/// processes must never both believe they are the service; so the folder has one owner until `release`, or for as long as this lives.
final class FolderLock: Sendable {
    private let held: Mutex<CInt?>

    /// Makes the folder (0700) when it is missing.
    ///
    /// - Throws: `StorageError.folderInUse`, `.cannotOpen`.
    init(folder: String) throws {
        try Self.makeFolder(folder)
        let path = folder + "/lock"
        // The lock belongs to the open file description: a second open in the same process is refused as well.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageError.cannotOpen(path: path, reason: Self.lastError()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let taken = errno == EWOULDBLOCK
            let reason = Self.lastError()
            close(descriptor)
            throw taken ? StorageError.folderInUse(path: folder) : .cannotOpen(path: path, reason: reason)
        }
        held = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Lets another open the folder. Again does nothing.
    func release() {
        held.withLock { descriptor in
            guard let open = descriptor.take() else { return }
            close(open)
        }
    }

    private static func makeFolder(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StorageError.cannotOpen(path: folder, reason: "\(error)")
        }
    }

    /// Makes an empty file that only its owner can read; SQLite gives its side files the same mode.
    static func makePrivateFile(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageError.cannotOpen(path: path, reason: lastError()) }
        close(descriptor)
    }

    private static func lastError() -> String {
        String(cString: strerror(errno))
    }
}
