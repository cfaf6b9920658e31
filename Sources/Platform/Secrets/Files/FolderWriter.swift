internal import Cryptography
internal import Glibc

/// Changes files of one private folder so that a crash leaves the old or the new contents, never something between.
package struct FolderWriter: ~Copyable {
    private let folder: Int32
    private let lock: Int32

    /// How long a writer waits for another.
    static let lockTimeout = Duration.seconds(5)
    private static let lockPoll = Duration.milliseconds(20)

    /// Waits for the folder's lock: one writer at a time, in whatever process.
    ///
    /// - Throws: `conflict` when another holds it for too long; what opening the folder and the lock file failed for.
    static func locked(_ path: String) async throws -> FolderWriter {
        let folder = try PrivateFile().openFolder(path)
        let lock = openat(folder, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            let code = errno
            close(folder)
            throw PrivateFile.failure(code)
        }
        let writer = FolderWriter(folder: folder, lock: lock)
        try await acquire(lock)
        return writer
    }

    /// For a folder in which nobody else writes the same files.
    ///
    /// - Throws: `SecretStoreError.Cause`: what opening the folder failed for.
    package static func unlocked(_ path: String) throws -> FolderWriter {
        FolderWriter(folder: try PrivateFile().openFolder(path), lock: -1)
    }

    private init(folder: Int32, lock: Int32) {
        self.folder = folder
        self.lock = lock
    }

    deinit {
        // Closing lets go of the lock.
        if lock >= 0 { close(lock) }
        close(folder)
    }

    private static func acquire(_ lock: Int32) async throws {
        let deadline = ContinuousClock.now + lockTimeout
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw PrivateFile.failure(errno) }
            guard ContinuousClock.now < deadline else { throw SecretStoreError.Cause.conflict("another writer holds its lock") }
            try await Task.sleep(for: lockPoll)
        }
    }

    /// Writes the whole file anew: a temporary file, fsync, rename, fsync of the folder.
    package func replace(_ name: String, with bytes: SecretBytes) throws {
        let temporary = ".\(name).\(Hex.encode(SecureRandom.bytes(6))).tmp"
        let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw PrivateFile.failure(errno) }
        defer { close(file) }
        do {
            try bytes.withUnsafeBytes { try Self.write($0, to: file) }
            guard fsync(file) == 0, renameat(folder, temporary, folder, name) == 0 else { throw PrivateFile.failure(errno) }
        } catch {
            unlinkat(folder, temporary, 0)
            throw error
        }
        try sync()
    }

    /// Makes `copy` another name of the same file, in place of what had that name.
    func link(_ name: String, as copy: String) throws {
        let temporary = ".\(copy).\(Hex.encode(SecureRandom.bytes(6))).tmp"
        guard linkat(folder, name, folder, temporary, 0) == 0 else { throw PrivateFile.failure(errno) }
        guard renameat(folder, temporary, folder, copy) == 0 else {
            let code = errno
            unlinkat(folder, temporary, 0)
            throw PrivateFile.failure(code)
        }
        // Renaming one name of a file to another of the same file does nothing, and leaves both.
        unlinkat(folder, temporary, 0)
    }

    func rename(_ name: String, to other: String) throws {
        guard renameat(folder, name, folder, other) == 0 else { throw PrivateFile.failure(errno) }
        try sync()
    }

    func remove(_ name: String) throws {
        guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw PrivateFile.failure(errno) }
        try sync()
    }

    private func sync() throws {
        guard fsync(folder) == 0 else { throw PrivateFile.failure(errno) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PrivateFile.failure(errno) }
            rest = rest.dropFirst(count)
        }
    }
}
