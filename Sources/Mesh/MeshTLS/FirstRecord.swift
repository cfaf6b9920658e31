internal import NIOCore

/// Collects what a client sends until its first TLS record is whole, so that a connection which never gets that far costs its bytes
/// and no libssl object. A pure value.
struct FirstRecord {
    /// ContentType handshake (RFC 8446 section 5.1).
    private static let handshake: UInt8 = 22
    private static let headerBytes = 5
    /// Longest first record that is waited for: that of RFC 8446 section 5.1. What claims to be longer goes to libssl, which refuses it.
    static let maximumBytes = headerBytes + 16 * 1024

    private var bytes = ByteBuffer()

    /// Bytes that wait.
    var count: Int { bytes.readableBytes }

    /// - Returns: everything so far, once libssl can begin with it or say what is wrong with it.
    mutating func append(_ part: ByteBuffer) -> ByteBuffer? {
        // Whole at once, as it nearly always is: no copy.
        if count == 0, Self.isReady(part) { return part }
        // A copy: a slice of a few bytes would keep the whole receive buffer.
        bytes.writeImmutableBuffer(part)
        guard Self.isReady(bytes) else { return nil }
        defer { bytes = ByteBuffer() }
        return bytes
    }

    private static func isReady(_ bytes: ByteBuffer) -> Bool {
        let start = bytes.readerIndex
        guard let kind = bytes.getInteger(at: start, as: UInt8.self) else { return false }
        guard kind == handshake else { return true }
        guard let length = bytes.getInteger(at: start + headerBytes - 2, as: UInt16.self) else { return false }
        return bytes.readableBytes >= min(headerBytes + Int(length), maximumBytes)
    }
}
