internal import GRDB
internal import Synchronization

/// The pool of read-only connections for `ServiceDatabase.read(as:)`.
final class UserReaders: Sendable {
    private let connections: ConnectionTable
    private let pool: DatabasePool
    private let readTime: Duration

    init(path: String, schema: DatabaseSchema, limits: ServiceDatabase.Limits) throws {
        let connections = ConnectionTable()
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "user"
        configuration.maximumReaderCount = limits.userReaders
        configuration.persistentReadOnlyConnections = true
        configuration.prepareDatabase { db in
            connections.add(try UserConnection(db, schema: schema), for: db)
        }
        self.connections = connections
        pool = try DatabasePool(path: path, configuration: configuration)
        readTime = limits.readTime
    }

    func read<T: Sendable>(as user: String, _ body: @Sendable (Database) throws -> T) async throws -> T {
        try await pool.read { db in
            guard let connection = self.connections.connection(for: db) else { throw StorageError.denied("unknown connection") }
            return try connection.read(db, as: user, limit: self.readTime, body)
        }
    }

    func close() throws {
        try pool.close()
    }

    /// The random names of all connections opened so far.
    var innerViews: [String] { connections.all.flatMap(\.innerViews) }

    /// The state beside each of the pool's connections, kept for as long as the pool.
    private final class ConnectionTable: Sendable {
        private let table = Mutex<[ObjectIdentifier: UserConnection]>([:])

        var all: [UserConnection] { table.withLock { Array($0.values) } }

        func add(_ connection: UserConnection, for db: Database) {
            table.withLock { $0[ObjectIdentifier(db)] = connection }
        }

        func connection(for db: Database) -> UserConnection? {
            table.withLock { $0[ObjectIdentifier(db)] }
        }
    }
}
