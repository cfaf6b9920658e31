internal import Foundation
internal import Synchronization

/// One supervisor a state folder: an flock(2) that ends with the process.
final class FolderLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// - Throws: `DeploymentError` when another process holds it.
    init(_ path: String) throws {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw DeploymentError("cannot open \(path): \(String(cString: strerror(errno)))") }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw DeploymentError("a deployment runs in this state folder already")
        }
        descriptor = Mutex(opened)
    }

    func release() {
        descriptor.withLock { value in
            if let open = value { close(open) }
            value = nil
        }
    }

    deinit { release() }
}
