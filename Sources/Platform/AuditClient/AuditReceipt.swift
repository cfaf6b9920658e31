/// The log's word that a record is durable.
public struct AuditReceipt: Sendable, Equatable {
    /// Place in the log.
    public let index: UInt64
    /// RFC 6962 leaf hash of the record: 32 bytes.
    public let leafHash: [UInt8]

    public init(index: UInt64, leafHash: [UInt8]) {
        self.index = index
        self.leafHash = leafHash
    }
}
