internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// One read-only connection that shows one user's rows at a time.
final class UserConnection: Sendable {
    private struct State {
        var guarded = false
        var inUse = false
        var deadline = ContinuousClock.now
        var expired = false
    }

    private let user = ActingUser()
    private let authorizer: ReadAuthorizer
    private let filters: [RowFilter]
    private let state = Mutex(State())

    /// Prepares a fresh connection: the function, the views. The authorizer comes with the first use, because GRDB still
    /// looks at the schema after this.
    init(_ db: Database, schema: DatabaseSchema) throws {
        try ConnectionSettings.apply(to: db)
        user.install(on: db)
        filters = try schema.userTables.map { try RowFilter($0, on: db) }
        authorizer = ReadAuthorizer(filters: filters, sharedTables: schema.sharedTables)
    }

    /// The random names, for tests to look for where they must not be.
    var innerViews: [String] { filters.map(\.innerView) }

    /// Runs a user's read.
    ///
    /// - Throws: `StorageError.readTookTooLong` when the SQL runs past `limit`, and what `body` throws.
    func read<T>(_ db: Database, as user: String, limit: Duration, _ body: (Database) throws -> T) throws -> T {
        guardConnection(db)
        begin(limit: limit)
        defer { state.withLock { $0.inUse = false } }
        do {
            return try self.user.bound(to: user) { try body(db) }
        } catch {
            throw state.withLock(\.expired) ? StorageError.readTookTooLong : error
        }
    }

    private func begin(limit: Duration) {
        state.withLock { state in
            state.inUse = true
            state.expired = false
            state.deadline = .now + limit
        }
    }

    // MARK: - Callbacks

    /// Instructions of SQLite's machine between two looks at the clock.
    private static let progressInterval: CInt = 10_000

    private func guardConnection(_ db: Database) {
        let first = state.withLock { state in
            defer { state.guarded = true }
            return !state.guarded
        }
        guard first, let connection = db.sqliteConnection else { return }
        ConnectionSettings.limitUserReads(on: connection)
        // Unretained: ServiceDatabase keeps this object longer than the pool keeps the connection.
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            connection, Self.progressInterval, { context in UserConnection.from(context).isExpired() ? 1 : 0 }, context)
        sqlite3_set_authorizer(
            connection,
            { context, action, first, second, database, accessor in
                let question = ReadAuthorizer.Question(
                    action: action, first: first.map { String(cString: $0) }, second: second.map { String(cString: $0) },
                    database: database.map { String(cString: $0) }, accessor: accessor.map { String(cString: $0) })
                return UserConnection.from(context).allows(question) ? SQLITE_OK : SQLITE_DENY
            }, context)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> UserConnection {
        Unmanaged<UserConnection>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }

    private func allows(_ question: ReadAuthorizer.Question) -> Bool {
        authorizer.allows(question, inUse: state.withLock(\.inUse))
    }

    private func isExpired() -> Bool {
        state.withLock { state in
            guard state.inUse, ContinuousClock.now >= state.deadline else { return false }
            state.expired = true
            return true
        }
    }
}
