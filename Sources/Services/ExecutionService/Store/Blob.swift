internal import Foundation
internal import GRDB

/// Bytes as SQLite keeps them.
struct Blob: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Blob? {
        Data.fromDatabaseValue(value).map { Blob(Array($0)) }
    }
}

extension Row {
    /// The blob in a NOT NULL column.
    func bytes(_ column: String) -> [UInt8] {
        (self[column] as Blob?)?.bytes ?? []
    }
}
