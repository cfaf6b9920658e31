internal import Glibc

/// Secrets as files, one each, raw bytes, in a folder that only this user may enter.
///
/// A file that others can read, that is a link, or that another user owns is refused rather than read.
public struct FileSecretStore: SecretStore {
    /// Bytes of the longest secret.
    public static let maximumSize = 65536
    private static let maximumNameLength = 64

    private let folder: String

    public init(folder: String) {
        self.folder = folder
    }

    public func secret(named name: String) throws -> SecretBytes {
        guard Self.isValid(name) else { throw SecretStoreError.invalidName(name) }
        let directory = try openFolder(for: name)
        defer { close(directory) }
        let file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.openFailure(name, errno) }
        defer { close(file) }
        let size = try Self.checkedSize(of: file, name)
        return try SecretBytes(count: size) { try Self.read(file, into: $0, name) }
    }

    private static func isValid(_ name: String) -> Bool {
        (1...maximumNameLength).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    private func openFolder(for name: String) throws -> Int32 {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw Self.openFailure(name, errno) }
        var status = stat()
        guard fstat(directory, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            close(directory)
            throw SecretStoreError.exposed(name, reason: "its folder must belong to this user and have mode 0700")
        }
        return directory
    }

    private static func openFailure(_ name: String, _ code: Int32) -> SecretStoreError {
        switch code {
        case ENOENT: .notFound(name)
        case ELOOP, ENOTDIR: .exposed(name, reason: "symbolic links are not followed")
        default: .unreadable(name, reason: String(cString: strerror(code)))
        }
    }

    /// Checks the file that was opened, not the name: it cannot be swapped in between.
    private static func checkedSize(of file: Int32, _ name: String) throws -> Int {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw SecretStoreError.unreadable(name, reason: String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SecretStoreError.exposed(name, reason: "it is not a regular file") }
        guard status.st_uid == geteuid() else { throw SecretStoreError.exposed(name, reason: "another user owns it") }
        guard status.st_mode & 0o077 == 0 else { throw SecretStoreError.exposed(name, reason: "its mode must be 0600 or less") }
        guard (1...maximumSize).contains(Int(status.st_size)) else {
            throw SecretStoreError.unreadable(name, reason: "it must have 1 to \(maximumSize) bytes")
        }
        return Int(status.st_size)
    }

    private static func read(_ file: Int32, into buffer: UnsafeMutableRawBufferPointer, _ name: String) throws {
        var filled = 0
        while filled < buffer.count {
            let count = Glibc.read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SecretStoreError.unreadable(name, reason: "it became shorter while being read") }
            filled += count
        }
    }
}
