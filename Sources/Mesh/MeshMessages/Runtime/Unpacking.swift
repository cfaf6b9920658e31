internal import CMessages
internal import CProtobufC

/// Bytes → scan → protobuf-c in an arena → Swift value. Not generic: the generic part stands in `MeshMessage`, where it is specialised.
@usableFromInline
enum Unpacking {
    /// - Parameter read: gets protoc-c's struct, which is good during the call.
    @usableFromInline
    static func unpack(
        _ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout, _ read: (UnsafeRawPointer) -> Void
    ) throws(MessageError) {
        try MessageScan.check(bytes, layout)
        try MessageArena.withArena(for: layout) { arena throws(MessageError) in
            read(try unpack(bytes, layout, arena))
        }
    }

    private static func unpack(
        _ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout, _ arena: MessageArena
    ) throws(MessageError) -> UnsafeRawPointer {
        var allocator = ProtobufCAllocator(
            alloc: { context, size in context?.assumingMemoryBound(to: ArenaState.self).pointee.allocate(size) },
            // The arena is freed as a whole.
            free: { _, _ in },
            allocator_data: arena.context)
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        // What can still fail after the scan is memory.
        guard let message = protobuf_c_message_unpack(layout.descriptor, &allocator, bytes.count, start) else {
            throw MessageError(.refused, in: layout.fullName)
        }
        return UnsafeRawPointer(message)
    }
}
