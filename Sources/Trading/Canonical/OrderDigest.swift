import Crypto

/// SHA-256 of a canonical order: what a sign-off consents to.
public struct OrderDigest: Sendable, Hashable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    public init(of canonical: [UInt8]) {
        bytes = Array(SHA256.hash(data: canonical))
    }

    /// Nil unless there are 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Lower-case hexadecimal.
    public var hex: String { Hex.encode(bytes) }
    public var description: String { hex }

    /// The exchange's `newClientOrderId`: the first 32 base32 characters (RFC 4648 section 6), which are the first 20 bytes.
    public var clientOrderID: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        let characters = (0..<32).map { index -> UInt8 in
            let bit = index * 5
            let pair = UInt16(bytes[bit / 8]) << 8 | UInt16(bytes[bit / 8 + 1])
            return alphabet[Int(pair >> (11 - bit % 8) & 31)]
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
