internal import COpenSSL
internal import NIOCore

/// The two ends of the wire as libssl sees them: it reads ciphertext from `inbound` and writes ciphertext to `outbound`.
///
/// Belongs to one TLSConnection on one event loop. Both buffers are bounded: `inbound` by what the channel delivers in one read,
/// `outbound` by `maxOutbound`, above which libssl is told to try again later.
final class BufferBIO {
    static let maxOutbound = 128 * 1024

    // Not checked at run time: libssl comes here several times a record, and never while one of the two is being changed.
    @exclusivity(unchecked) var inbound = ByteBuffer()
    @exclusivity(unchecked) private(set) var outbound = ByteBuffer()
    /// Ciphertext that the next `takeOutbound` is likely to find: growing step by step would copy all of it each time.
    @exclusivity(unchecked) private var expectedOutbound = 0

    /// Lets go of input that libssl has taken: the channel reads into the same memory again when nobody else has it.
    func releaseInbound() {
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    /// The ciphertext for the peer, if there is any.
    func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        defer { outbound = ByteBuffer() }
        expectedOutbound = 0
        return outbound
    }

    /// So many bytes of plaintext are about to be written before `takeOutbound`.
    func expect(_ plaintextBytes: Int) {
        guard outbound.capacity == 0 else { return }
        // A record adds 22 bytes (RFC 8446 section 5.2) to the 4 KiB and more that it holds, unless it is the only one.
        expectedOutbound = plaintextBytes + plaintextBytes / 128 + 64
    }

    /// A BIO over this object, which must outlive it.
    func makeBIO() -> OpaquePointer? {
        guard let bio = BIO_new(Self.method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    // Set up once and only read afterwards.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ByteBuffer") else { return nil }
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let this = of(bio), let bytes, count > 0 else { return 0 }
            shim_BIO_clear_retry_flags(bio)
            return this.write(bio, UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }
        BIO_meth_set_read(method) { bio, bytes, count in
            guard let this = of(bio), let bytes, count > 0 else { return 0 }
            shim_BIO_clear_retry_flags(bio)
            return this.read(bio, UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)))
        }
        // Flushing is the handler's work: say that it is done.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    private static func of(_ bio: OpaquePointer?) -> BufferBIO? {
        BIO_get_data(bio).map { Unmanaged<BufferBIO>.fromOpaque($0).takeUnretainedValue() }
    }

    private func write(_ bio: OpaquePointer?, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard outbound.readableBytes < Self.maxOutbound else {
            shim_BIO_set_retry_write(bio)
            return -1
        }
        if outbound.capacity == 0 { outbound.reserveCapacity(max(bytes.count, expectedOutbound)) }
        outbound.writeBytes(bytes)
        return Int32(clamping: bytes.count)
    }

    private func read(_ bio: OpaquePointer?, _ target: UnsafeMutableRawBufferPointer) -> Int32 {
        guard inbound.readableBytes > 0 else {
            shim_BIO_set_retry_read(bio)
            return -1
        }
        let count = inbound.readWithUnsafeReadableBytes { source in
            let count = min(source.count, target.count)
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            return count
        }
        return Int32(clamping: count)
    }
}
