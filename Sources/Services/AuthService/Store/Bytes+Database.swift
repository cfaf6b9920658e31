internal import FoundationEssentials
internal import GRDB

extension [UInt8] {
    /// As SQLite keeps bytes.
    var blob: Data { Data(self) }
}

extension Row {
    func bytes(_ column: String) throws -> [UInt8] {
        Array(try decode(Data.self, forColumn: column))
    }

    func optionalBytes(_ column: String) throws -> [UInt8]? {
        try decode(Data?.self, forColumn: column).map(Array.init)
    }
}
