public import GRDB
public import Logging
internal import GRDBSQLite
internal import Synchronization

/// A service's one SQLite file: one writer, durable commits, and reads that show a user nobody else's rows.
///
/// Three ways in. `write` is one transaction on the only read-write connection; with a user given, triggers refuse rows of
/// anybody else. `read(as:)` sees the user's own rows of the user-scoped tables whatever the SQL says. `readAll` is the service's own read.
public final class ServiceDatabase: Sendable {
    /// Bounds on concurrency and time.
    public struct Limits: Sendable {
        /// Connections for `readAll`.
        public var serviceReaders = 3
        /// Connections for `read(as:)`.
        public var userReaders = 3
        /// How long the SQL of one `read(as:)` may run.
        public var readTime: Duration = .seconds(2)

        public init() {}
    }

    public let path: String
    private let lock: FolderLock
    private let writer: DatabasePool
    private let acting: ActingUser
    private let readers: UserReaders
    private let broken = Mutex<StorageError?>(nil)
    private let logger: Logger

    /// Opens `folder`/`name`.sqlite, making both when missing, and brings it to the schema.
    ///
    /// - Parameter owner: whose the file must be; an empty one gets the mark. nil, for tests: not asked.
    /// - Throws: `StorageError`; `ForeignDatabase`; `UnmarkedDatabase`; GRDB's `DatabaseError` when a migration fails.
    public init(
        folder: String, name: String, schema: DatabaseSchema, owner: DatabaseOwner? = nil, limits: Limits = Limits(), logger: Logger
    ) throws {
        lock = try FolderLock(folder: folder)
        path = "\(folder)/\(name).sqlite"
        acting = ActingUser()
        self.logger = logger
        try FolderLock.makePrivateFile(path)
        do {
            writer = try Self.openWriter(path: path, acting: acting, limits: limits)
            if let owner { try OwnerMark(path: path, opener: owner).claim(writer) }
            try Migrations(schema).run(on: writer)
            try writer.writeWithoutTransaction { db in try WriteGuards.install(for: schema.userTables, on: db) }
            readers = try UserReaders(path: path, schema: schema, limits: limits)
        } catch let error as DatabaseError {
            throw StorageError(error) ?? error
        }
        logger.info("database open", metadata: ["path": "\(path)", "sqlite": "\(String(cString: sqlite3_libversion()))"])
    }

    private static func openWriter(path: String, acting: ActingUser, limits: Limits) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "service"
        configuration.maximumReaderCount = limits.serviceReaders
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            if db.configuration.readonly { return try ConnectionSettings.apply(to: db) }
            try ConnectionSettings.applyToWriter(db)
            acting.install(on: db)
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in try ConnectionSettings.requireDurableCommits(db) }
        return pool
    }

    /// Why the database no longer takes writes; nil while it does. For readiness.
    public var failure: StorageError? { broken.withLock { $0 } }

    /// Runs one transaction; it is on disk when this returns. Anything thrown undoes it.
    ///
    /// - Parameter user: on whose behalf; rows of another owner in user-scoped tables then cannot be inserted, changed or
    ///   deleted, even by a statement without a WHERE. What `body` selects is not filtered. nil: the service itself.
    /// - Throws: `StorageError`, `DatabaseError`, `CancellationError` (nothing kept), or what `body` throws.
    public func write<T: Sendable>(as user: String? = nil, _ body: @Sendable (Database) throws -> T) async throws -> T {
        if let failure { throw failure }
        guard user != "" else { throw StorageError.noUser }
        return try await typed {
            try await self.writer.write { db in try self.acting.bound(to: user) { try body(db) } }
        }
    }

    /// Reads as a user: the user-scoped tables show that user's rows only, shared tables show whole, nothing else exists.
    /// For SQL: GRDB's record requests that ask for the schema (fetch by key) are denied here.
    ///
    /// - Throws: `StorageError.denied`, `.readTookTooLong`, `.noUser`, other storage errors, or what `body` throws.
    public func read<T: Sendable>(as user: String, _ body: @Sendable (Database) throws -> T) async throws -> T {
        guard !user.isEmpty else { throw StorageError.noUser }
        return try await typed { try await self.readers.read(as: user, body) }
    }

    /// The service's own read, of everything. Never with SQL or a filter that a user chose.
    public func readAll<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        try await typed { try await self.writer.read(body) }
    }

    /// Closes every connection and lets another open the folder. For an owner that goes on living; a process that ends needs none of it.
    ///
    /// - Throws: GRDB's `DatabaseError` while statements still run; the folder then stays held.
    public func close() throws {
        try readers.close()
        try writer.close()
        lock.release()
    }

    /// For tests: names that no user may learn.
    var innerViews: [String] { readers.innerViews }

    private func typed<T>(_ work: () async throws -> T) async throws -> T {
        do {
            return try await work()
        } catch let error as DatabaseError {
            throw note(StorageError(error)) ?? error
        }
    }

    private func note(_ error: StorageError?) -> StorageError? {
        switch error {
        case .inputOutput, .corrupt:
            logger.critical("database failed; no more writes until restart", metadata: ["error": "\(error as Any)"])
            broken.withLock { $0 = $0 ?? error }
        case .diskFull: logger.error("disk full", metadata: ["path": "\(path)"])
        default: break
        }
        return error
    }
}
