/// The stream whose messages come one after the other: they are handed to its reader together. Confined to the event loop.
struct ArrivingMessages {
    /// 0: none.
    private(set) var streamID: UInt32 = 0
    private var buffer: MessageBuffer?

    /// Adds a message if it is of the stream that is underway; false when the stream has to be looked up.
    @inline(__always)
    func append(_ data: UnsafeRawBufferPointer?, on streamID: UInt32, charge: Int) -> Bool {
        guard self.streamID == streamID, let buffer else { return false }
        buffer.append(data ?? UnsafeRawBufferPointer(start: nil, count: 0), charge: charge)
        return true
    }

    /// From now on messages of this stream, of which no part is underway, come here. To be settled before.
    mutating func begin(_ buffer: MessageBuffer, on streamID: UInt32) {
        self.buffer = buffer
        self.streamID = streamID
    }

    /// To be called before anything else happens to any stream, and when a read turn is over.
    ///
    /// - Returns: what is to be credited at once, and to which stream.
    @inline(__always)
    mutating func settle() -> (consumed: MessageBuffer.Consumed, streamID: UInt32)? {
        streamID == 0 ? nil : handOver()
    }

    private mutating func handOver() -> (consumed: MessageBuffer.Consumed, streamID: UInt32)? {
        defer {
            buffer = nil
            streamID = 0
        }
        return buffer.map { ($0.handOver(), streamID) }
    }
}
