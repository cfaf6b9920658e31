internal import Cryptography

/// The end of a source's chain of records: what the next record continues.
public struct ChainLink: Sendable, Equatable {
    /// Of the next record; the first is 1.
    public let nextSequence: UInt64
    /// SHA-256 of the last record's bytes: 32 bytes.
    public let lastHash: [UInt8]

    public init(nextSequence: UInt64, lastHash: [UInt8]) {
        self.nextSequence = nextSequence
        self.lastHash = lastHash
    }

    /// Before the first record.
    public static let start = ChainLink(nextSequence: 1, lastHash: [UInt8](repeating: 0, count: 32))

    /// After `record`, the packed one with this link's sequence.
    public func following(_ record: [UInt8]) -> ChainLink {
        ChainLink(nextSequence: nextSequence + 1, lastHash: Hashing.sha256(record))
    }
}
