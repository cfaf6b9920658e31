internal import CMessages
internal import CProtobufC

/// Memory for the C structs, strings and lists of one message while it is packed or unpacked.
///
/// It only grows and is freed as a whole. The first block lies on the stack, so a small message costs no `malloc`.
/// Good inside ``withArena(for:_:)`` only, on one thread.
public struct MessageArena {
    private let state: UnsafeMutablePointer<ArenaState>

    private static let stackBytes = 1_024

    /// - Parameter layout: of the message, for errors.
    static func withArena(
        for layout: MessageLayout, _ body: (MessageArena) throws(MessageError) -> Void
    ) throws(MessageError) {
        var failure: MessageError?
        withUnsafeTemporaryAllocation(byteCount: stackBytes, alignment: ArenaState.alignment) { block in
            var state = ArenaState(first: block, layout: layout)
            defer { state.free() }
            withUnsafeMutablePointer(to: &state) { state in
                do throws(MessageError) {
                    try body(MessageArena(state: state))
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    /// What protobuf-c's allocator gets as its data.
    var context: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) }

    @inline(__always)
    func allocate(byteCount: Int) throws(MessageError) -> UnsafeMutableRawPointer {
        guard let memory = state.pointee.allocate(byteCount) else { throw MessageError(.tooMuchMemory, in: state.pointee.layout.fullName) }
        return memory
    }

    /// Memory for one message, initialised to defaults.
    func allocate(_ layout: MessageLayout) throws(MessageError) -> UnsafeMutableRawPointer {
        let memory = try allocate(byteCount: layout.descriptor.pointee.sizeof_message)
        layout.descriptor.pointee.message_init(memory.assumingMemoryBound(to: ProtobufCMessage.self))
        return memory
    }
}

// MARK: - For generated code: Swift values as C values

extension MessageArena {
    /// A copy of the text with a NUL behind it.
    public func string<Message: MeshMessage>(
        _ text: String, in message: Message.Type, _ field: UInt32
    ) throws(MessageError) -> UnsafeMutablePointer<CChar> {
        let count = text.utf8.count
        let copy = try allocate(byteCount: count + 1)
        // Nil only for what is not kept as UTF-8.
        let wasCopied: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: count) }
        }
        if wasCopied == nil { UnsafeMutableRawBufferPointer(start: copy, count: count).copyBytes(from: text.utf8) }
        let bytes = UnsafeRawBufferPointer(start: copy, count: count)
        guard bytes.isPlainText || !bytes.holdsNUL else { throw MessageError(.embeddedNUL, in: Message.fullName, field: field) }
        copy.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        return copy.assumingMemoryBound(to: CChar.self)
    }

    /// A `ProtobufCBinaryData` with a copy of the bytes. Generic, because each C module has protobuf-c's types as its own.
    public func bytes<Binary>(_ bytes: [UInt8]) throws(MessageError) -> Binary {
        var data = ProtobufCBinaryData(len: bytes.count, data: nil)
        if !bytes.isEmpty {
            let copy = try allocate(byteCount: bytes.count)
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: $0) }
            data.data = copy.assumingMemoryBound(to: UInt8.self)
        }
        return unsafeBitCast(data, to: Binary.self)
    }

    /// The message as protoc-c's struct.
    public func message<Message: MeshMessage, Struct>(
        _ message: Message, as struct: Struct.Type
    ) throws(MessageError) -> UnsafeMutablePointer<Struct> {
        state.pointee.depth += 1
        defer { state.pointee.depth -= 1 }
        guard state.pointee.depth <= MessageLimits.maxDepth else { throw MessageError(.tooDeep, in: Message.fullName) }
        let memory = try allocate(Message.layout)
        try message.fill(memory, self)
        return memory.assumingMemoryBound(to: Struct.self)
    }

    /// A C array; nil for none.
    public func list<Value, CValue>(
        _ values: [Value], _ convert: (Value) throws(MessageError) -> CValue
    ) throws(MessageError) -> UnsafeMutablePointer<CValue>? {
        guard !values.isEmpty else { return nil }
        let memory = try allocate(byteCount: values.count * MemoryLayout<CValue>.stride).bindMemory(to: CValue.self, capacity: values.count)
        for (index, value) in values.enumerated() {
            (memory + index).initialize(to: try convert(value))
        }
        return memory
    }
}
