internal import Glibc

/// What tells whether a file is still the one that was read: device, inode, size and time of change.
struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let bytes: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// nil where there is no such file, or it cannot be looked at.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        bytes = Int64(status.st_size)
        seconds = Int64(status.st_ctim.tv_sec)
        nanoseconds = Int64(status.st_ctim.tv_nsec)
    }

    /// Seconds. A file that changed so shortly before it was read may change once more without a new time of change, which some file
    /// systems keep to the second only.
    private static let coarsestClock: Int64 = 2

    /// The same stamp later means the same content, if the file is read at `now`.
    func isConclusive(at now: Int64) -> Bool { now - seconds > Self.coarsestClock }
}

/// The stamps of a configuration's files when they were last read.
struct CredentialStamps: Equatable, Sendable {
    private let stamps: [FileStamp?]
    private let isConclusive: Bool

    /// - Parameter now: seconds since 1970.
    init(_ configuration: TLSConfiguration, at now: Int64 = Int64(time(nil))) {
        let paths = [configuration.certificateChainPath, configuration.privateKeyPath, configuration.trust?.rootsPath]
        stamps = paths.compactMap(\.self).map(FileStamp.init(of:))
        isConclusive = stamps.allSatisfy { $0?.isConclusive(at: now) == true }
    }

    /// Whether files with stamps `now` hold what those with these stamps held.
    func hold(for now: CredentialStamps) -> Bool { isConclusive && stamps == now.stamps }
}
