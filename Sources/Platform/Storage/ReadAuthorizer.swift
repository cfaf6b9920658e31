internal import GRDBSQLite

/// Decides, while SQLite compiles a user's statement, what it may touch. Everything not named here is denied.
struct ReadAuthorizer: Sendable {
    /// Base table → the only view that may read it.
    private let innerViews: [String: String]
    /// Names in `temp` that may be read: they show the user's rows only.
    private let views: Set<String>
    private let sharedTables: Set<String>
    /// Functions that reach outside the database.
    private static let deniedFunctions: Set<String> = ["load_extension", "fts3_tokenizer"]

    init(filters: [RowFilter], sharedTables: [String]) {
        innerViews = Dictionary(filters.map { ($0.table, $0.innerView) }, uniquingKeysWith: { first, _ in first })
        views = Set(filters.flatMap { [$0.table, $0.innerView] })
        self.sharedTables = Set(sharedTables)
    }

    /// One question of SQLite's: the action and its arguments as `sqlite3_set_authorizer` gives them.
    struct Question {
        let action: CInt
        let first: String?
        let second: String?
        let database: String?
        /// The innermost view or subquery by name.
        let accessor: String?
    }

    /// - Parameter inUse: a user's code is running; if not, only GRDB's own bookkeeping is.
    func allows(_ question: Question, inUse: Bool) -> Bool {
        switch question.action {
        case SQLITE_SELECT: true
        case SQLITE_FUNCTION: !Self.deniedFunctions.contains(question.second?.lowercased() ?? "")
        case SQLITE_READ: allowsRead(question)
        case SQLITE_TRANSACTION: !inUse
        case SQLITE_PRAGMA: !inUse && question.first == "schema_version" && question.second == nil
        default: false
        }
    }

    private func allowsRead(_ question: Question) -> Bool {
        guard let table = question.first else { return false }
        switch question.database {
        case "temp": return views.contains(table)
        case "main":
            if let inner = innerViews[table] { return question.accessor == inner }
            return sharedTables.contains(table)
        // `SELECT count(*) FROM t`: the name as written, without columns. Unqualified, it means the view in `temp`.
        case nil: return question.second == "" && (isView(table) || isShared(table))
        default: return false
        }
    }

    private func isView(_ name: String) -> Bool {
        views.contains { $0.lowercased() == name.lowercased() }
    }

    private func isShared(_ name: String) -> Bool {
        sharedTables.contains { $0.lowercased() == name.lowercased() }
    }
}
