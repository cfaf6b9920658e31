internal import GRDB

/// The views through which a user's read sees a user-scoped table.
///
/// Two TEMP views a table. The inner one has a random name and selects the user's rows. The outer one has the table's own
/// name and hides it. The authorizer lets only the inner view touch the table, and nobody can write a query that
/// passes for it (a CTE or subquery of the same name would) without knowing 128 random bits.
struct RowFilter: Sendable {
    let table: String
    let innerView: String

    init(_ table: DatabaseSchema.UserTable, on db: Database) throws {
        self.table = table.name
        innerView = Self.randomName()
        let columns = try db.columns(in: table.name).map { $0.name.quotedDatabaseIdentifier }.joined(separator: ", ")
        let name = table.name.quotedDatabaseIdentifier
        let owner = table.owner.quotedDatabaseIdentifier
        // OFFSET keeps SQLite from merging the outer view into the query (its flattener's rule 14) and from pushing the query's
        // conditions down into it: a condition that fails or takes long on another user's row would tell something
        // about that row. It also keeps the inner name out of EXPLAIN QUERY PLAN. The price: a query reads all
        // rows of its user, through the owner's index, and then filters.
        try db.execute(
            sql: """
                CREATE TEMP VIEW \(innerView) AS
                    SELECT \(columns) FROM main.\(name) WHERE \(owner) = current_actor() COLLATE BINARY;
                CREATE TEMP VIEW \(name) AS SELECT * FROM temp.\(innerView) LIMIT -1 OFFSET 0;
                """)
    }

    private static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        let bits = (generator.next(), generator.next()) as (UInt64, UInt64)
        return "own_" + String(bits.0, radix: 16) + "_" + String(bits.1, radix: 16)
    }
}
