internal import GRDB

/// Brings a file to the program's schema.
struct Migrations {
    private let names: [String]
    private let migrator: DatabaseMigrator

    init(_ schema: DatabaseSchema) throws {
        names = schema.migrations.map(\.name)
        guard Set(names).count == names.count else { throw StorageError.badSchema("two migrations have one name") }
        var migrator = DatabaseMigrator()
        for migration in schema.migrations { migrator.registerMigration(migration.name, migrate: migration.apply) }
        self.migrator = migrator
    }

    /// - Throws: `StorageError.newerSchema`, `.migrationsOutOfOrder`.
    func run(on pool: DatabasePool) throws {
        try pool.read { db in try check(migrator.appliedIdentifiers(db)) }
        try migrator.migrate(pool)
    }

    private func check(_ applied: Set<String>) throws {
        let unknown = applied.subtracting(names)
        guard unknown.isEmpty else { throw StorageError.newerSchema(unknown: unknown.sorted()) }
        guard applied == Set(names.prefix(applied.count)) else {
            throw StorageError.migrationsOutOfOrder(applied: applied.sorted())
        }
    }
}
