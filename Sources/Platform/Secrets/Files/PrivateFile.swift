internal import Glibc

/// Reads files that hold secrets, after checking that nobody else could have read or replaced them.
package struct PrivateFile: Sendable {
    let trust: FileTrust
    private let mayBeReadByOthers: Bool

    /// - Parameter mayBeReadByOthers: a platform's own file in a container's mount, whose mode is not ours to choose: kubelet writes an EKS pod's token
    ///   with 0644.
    package init(trust: FileTrust = .ownedByThisUser, mayBeReadByOthers: Bool = false) {
        self.trust = trust
        self.mayBeReadByOthers = mayBeReadByOthers
    }

    /// - Returns: a descriptor of the folder, which the caller closes.
    func openFolder(_ path: String) throws(SecretStoreError.Cause) -> Int32 {
        let links = trust == .containerMount ? 0 : O_NOFOLLOW
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | links | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure(errno) }
        guard isPrivate(folder: folder) else {
            close(folder)
            throw .exposed(
                trust == .containerMount
                    ? "its folder must belong to root or this user, and nobody else may write there"
                    : "its folder must belong to this user and have mode 0700")
        }
        return folder
    }

    private func isPrivate(folder: Int32) -> Bool {
        var status = stat()
        guard fstat(folder, &status) == 0 else { return false }
        switch trust {
        case .ownedByThisUser: return status.st_uid == geteuid() && status.st_mode & 0o077 == 0
        case .containerMount: return [0, geteuid()].contains(status.st_uid) && (status.st_mode & 0o022 == 0 || isReadOnly(folder))
        }
    }

    /// A read-only mount's mode may say anything.
    private func isReadOnly(_ folder: Int32) -> Bool {
        var status = statvfs()
        return fstatvfs(folder, &status) == 0 && status.f_flag & 1 != 0  // ST_RDONLY: an enum's value, which Swift does not import.
    }

    /// Opens a file of the folder and checks what was opened, not the name: it cannot be swapped in between.
    ///
    /// - Returns: its descriptor, which the caller closes, and what fstat says of it.
    func open(_ name: String, in folder: Int32) throws(SecretStoreError.Cause) -> (file: Int32, status: stat) {
        let links = trust == .containerMount ? 0 : O_NOFOLLOW
        let file = openat(folder, name, O_RDONLY | links | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.failure(errno) }
        do {
            return (file, try check(file))
        } catch {
            close(file)
            throw error
        }
    }

    private func check(_ file: Int32) throws(SecretStoreError.Cause) -> stat {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .exposed("it is not a regular file") }
        switch trust {
        case .ownedByThisUser:
            guard status.st_uid == geteuid() else { throw .exposed("another user owns it") }
            guard status.st_mode & 0o077 == 0 else { throw .exposed("its mode must be 0600 or less") }
        case .containerMount:
            guard [0, geteuid()].contains(status.st_uid) else { throw .exposed("neither root nor this user owns it") }
            guard status.st_mode & (mayBeReadByOthers ? 0o022 : 0o027) == 0 else {
                throw .exposed("its mode must be \(mayBeReadByOthers ? "0644" : "0440") or less")
            }
        }
        return status
    }

    /// The bytes of an open file, straight into secret memory.
    func read(_ file: Int32, size: Int, atMost limit: Int) throws(SecretStoreError.Cause) -> SecretBytes {
        guard (1...limit).contains(size) else { throw .unusable("it must have 1 to \(limit) bytes") }
        do {
            return try SecretBytes(count: size) { try Self.fill($0, from: file) }
        } catch let cause as SecretStoreError.Cause {
            throw cause
        } catch {
            throw .unavailable("it cannot be read")
        }
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from file: Int32) throws {
        var filled = 0
        while filled < buffer.count {
            let count = Glibc.read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SecretStoreError.Cause.unavailable("it became shorter while being read") }
            filled += count
        }
    }

    /// Reads a whole file by its path: a key file, a login's secret.
    package func read(path: String, atMost limit: Int) throws(SecretStoreError.Cause) -> SecretBytes {
        let (folder, name) = Self.split(path)
        let directory = try openFolder(folder)
        defer { close(directory) }
        let (file, status) = try open(name, in: directory)
        defer { close(file) }
        return try read(file, size: Int(status.st_size), atMost: limit)
    }

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (folder, String(path[path.index(after: slash)...]))
    }

    static func failure(_ code: Int32) -> SecretStoreError.Cause {
        switch code {
        case ENOENT: .notFound
        case ELOOP, ENOTDIR: .exposed("symbolic links are not followed")
        case EACCES, EPERM: .denied(String(cString: strerror(code)))
        case EROFS: .readOnly
        default: .unavailable(String(cString: strerror(code)))
        }
    }
}
