/// The data of a Response frame, read where it lies; see `RequestEnvelope` for why. The pointers are good as long as the bytes are.
package struct ResponseEnvelope {
    /// The packed message.
    package private(set) var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    /// There is a status or there are trailers: unpack the whole with `MeshV1.Response`.
    package private(set) var isPlain = true

    /// - Throws: `MessageError` when the bytes are no message; what is not plain is looked into by unpacking only.
    package init(_ bytes: UnsafeRawBufferPointer) throws(MessageError) {
        do {
            try read(bytes)
        } catch {
            throw MessageError(error, in: MeshV1.Response.fullName)
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(MessageError.Reason) {
        guard bytes.count <= MessageLimits.maxBytes else { throw .tooLong }
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            guard case (2, WireType.lengthPrefixed) = try reader.tag() else {
                isPlain = false
                return
            }
            payload = try reader.lengthPrefixed()
        }
    }

    private static let payloadTag: UInt64 = 0x12

    /// Bytes of a Response that is OK, has this much payload and no trailers.
    package static func plainSize(payload: Int) -> Int {
        payload == 0 ? 0 : WireWriter.fieldSize(tag: payloadTag, content: payload)
    }

    /// - Parameters:
    ///   - memory: `plainSize(payload:)` bytes.
    ///   - message: writes the packed message.
    package static func writePlain(
        payload: Int, to memory: UnsafeMutableRawBufferPointer, message: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        guard payload > 0 else { return }
        var writer = WireWriter(memory)
        writer.varint(payloadTag)
        writer.varint(UInt64(payload))
        message(writer.reserve(payload))
    }
}
