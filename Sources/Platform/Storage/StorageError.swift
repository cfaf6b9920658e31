internal import GRDB

/// What a service's database can refuse or fail with. For the log and for decisions, never for the wire as it is.
/// Anything else that goes wrong in SQL (a constraint, a syntax error) stays a GRDB `DatabaseError`.
public enum StorageError: Error, Sendable, Equatable {
    /// Another process, or another `ServiceDatabase`, has this folder open.
    case folderInUse(path: String)
    /// The folder, the lock or the database file cannot be made or opened.
    case cannotOpen(path: String, reason: String)
    /// The file was written by a newer program: these migrations are not known here.
    case newerSchema(unknown: [String])
    /// The file's migrations are not the first ones of the program's list, in its order.
    case migrationsOutOfOrder(applied: [String])
    /// The schema's description does not fit its tables.
    case badSchema(String)
    /// The disk, or the quota, is full. Nothing of the transaction was kept; later writes may succeed.
    case diskFull
    /// The disk answered with an error. The database refuses further writes until the process is restarted:
    /// an `fdatasync` that failed once tells nothing when it succeeds the next time.
    case inputOutput(String)
    /// The file is not a database, or is damaged.
    case corrupt(String)
    /// SQL that a user's read may not contain: another table, the schema, a pragma, a transaction.
    case denied(String)
    /// The statement touches a row that is not the acting user's.
    case notOwner(table: String)
    /// A user's read ran longer than `ServiceDatabase.Limits.readTime`.
    case readTookTooLong
    /// Row-level security needs a user id that is not empty.
    case noUser
}

extension StorageError {
    /// Text that write triggers raise, before the table's name.
    static let notOwnerPrefix = "row of another user: "

    /// The typed form of a GRDB error; nil when there is none.
    init?(_ error: DatabaseError) {
        let message = error.message ?? ""
        switch error.resultCode {
        case .SQLITE_FULL: self = .diskFull
        case .SQLITE_IOERR: self = .inputOutput(error.description)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(message)
        case .SQLITE_AUTH: self = .denied(message)
        case .SQLITE_CONSTRAINT where message.hasPrefix(Self.notOwnerPrefix):
            self = .notOwner(table: String(message.dropFirst(Self.notOwnerPrefix.count)))
        default: return nil
        }
    }
}
