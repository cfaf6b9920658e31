internal import CMessages
internal import CProtobufC

/// A message that waits to be written; good inside the closure that got it.
public struct PreparedMessage {
    /// Bytes that ``write(to:)`` writes.
    public let byteCount: Int
    private let message: UnsafePointer<ProtobufCMessage>

    init(_ memory: UnsafeMutableRawPointer, _ layout: MessageLayout) throws(MessageError) {
        message = UnsafePointer(memory.assumingMemoryBound(to: ProtobufCMessage.self))
        byteCount = protobuf_c_message_get_packed_size(message)
        guard byteCount <= MessageLimits.maxBytes else { throw MessageError(.tooLong, in: layout.fullName) }
    }

    /// Writes the message to the start of `target`.
    ///
    /// - Precondition: `target` holds at least ``byteCount`` bytes.
    /// - Returns: ``byteCount``.
    @discardableResult
    public func write(to target: UnsafeMutableRawBufferPointer) -> Int {
        precondition(target.count >= byteCount, "no room for the message")
        guard let start = target.baseAddress else { return 0 }
        return protobuf_c_message_pack(message, start.assumingMemoryBound(to: UInt8.self))
    }
}

/// Swift value → protoc-c's struct in an arena → bytes. Not generic, as `Unpacking`.
@usableFromInline
enum Packing {
    /// - Parameters:
    ///   - fill: fills protoc-c's struct.
    ///   - body: gets the message, which is good during the call.
    @usableFromInline
    static func prepare(
        _ layout: MessageLayout, fill: (UnsafeMutableRawPointer, MessageArena) throws(MessageError) -> Void,
        _ body: (PreparedMessage) -> Void
    ) throws(MessageError) {
        try MessageArena.withArena(for: layout) { arena throws(MessageError) in
            let memory = try arena.allocate(layout)
            try fill(memory, arena)
            body(try PreparedMessage(memory, layout))
        }
    }
}
