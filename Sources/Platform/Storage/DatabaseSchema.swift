public import GRDB

/// What a service keeps: its migrations, and whose rows are whose.
public struct DatabaseSchema: Sendable {
    /// One step of the schema, run once, in a transaction of its own.
    public struct Migration: Sendable {
        /// Unique within the schema and never changed again: it is how the file remembers the step.
        public let name: String
        public let apply: @Sendable (Database) throws -> Void

        public init(_ name: String, _ apply: @escaping @Sendable (Database) throws -> Void) {
            self.name = name
            self.apply = apply
        }

        /// A step that only runs SQL statements.
        public init(_ name: String, sql: String) {
            self.init(name) { db in try db.execute(sql: sql) }
        }
    }

    /// A table each of whose rows belongs to one user.
    public struct UserTable: Sendable, Equatable {
        public let name: String
        /// The column that holds the user's id. An index, or the primary key, must start with it.
        public let owner: String

        public init(_ name: String, owner: String) {
            self.name = name
            self.owner = owner
        }
    }

    /// In the order in which they run; new ones only at the end.
    public var migrations: [Migration]
    /// Seen in `ServiceDatabase.read(as:)`, each user's own rows only.
    public var userTables: [UserTable]
    /// Tables without an owner that every user may read whole. Tables in neither list do not exist for `read(as:)`.
    public var sharedTables: [String]

    public init(migrations: [Migration], userTables: [UserTable] = [], sharedTables: [String] = []) {
        self.migrations = migrations
        self.userTables = userTables
        self.sharedTables = sharedTables
    }
}
