internal import Foundation
internal import Synchronization

/// Temporary folders that are gone when the process has ended, however its tests came out.
enum ExitCleanup {
    private static let folders = Mutex<Set<String>>([])
    private static let registered: Void = {
        // The services end with this process (the kernel kills them), so that nobody writes there any more.
        atexit {
            for folder in ExitCleanup.folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
        }
    }()

    static func makeTemporaryFolder() throws -> String {
        _ = registered
        let path = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/cryptopulse-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        folders.withLock { _ = $0.insert(path) }
        return path
    }

    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
        folders.withLock { _ = $0.remove(path) }
    }
}
