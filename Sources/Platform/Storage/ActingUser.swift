internal import GRDB
internal import Synchronization

/// On whose behalf one connection runs SQL at this moment. SQL sees it as `current_actor()` and has no way to set it.
final class ActingUser: Sendable {
    private let user = Mutex<String?>(nil)

    /// nil: nobody (on a user's read) or the service itself (on the writer).
    var current: String? { user.withLock { $0 } }

    /// Runs `body` with `current_actor()` bound to `user`.
    func bound<T>(to user: String?, _ body: () throws -> T) rethrows -> T {
        self.user.withLock { $0 = user }
        defer { self.user.withLock { $0 = nil } }
        return try body()
    }

    /// Teaches a connection `current_actor()`. Not deterministic: SQLite must ask each time a statement runs.
    func install(on db: Database) {
        db.add(function: DatabaseFunction("current_actor", argumentCount: 0, pure: false) { _ in self.current })
    }
}
