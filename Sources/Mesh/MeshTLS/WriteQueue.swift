internal import NIOCore

/// Plaintext that waits for the handshake or for the socket, in the order of writing, with the mark of the last flush.
struct WriteQueue {
    typealias Entry = (buffer: ByteBuffer, promise: EventLoopPromise<Void>?)

    /// The payload of a full TLS record (RFC 8446 section 5.1).
    static let maxRecord = 16 * 1024
    /// Buffers below this size are copied together, so that many small writes become one record.
    static let smallWrite = 4 * 1024

    private var entries = MarkedCircularBuffer<Entry>(initialCapacity: 16)
    private var scratch = ByteBuffer()
    /// Plaintext.
    private(set) var bytes = 0
    /// Memory that waits: what buffers have room for, not what is in them, and the queue's own for each.
    private(set) var heldBytes = 0
    /// A buffer and its promise in the queue, and what the buffer's storage is kept in.
    static let entryBytes = 96

    var isEmpty: Bool { entries.isEmpty }
    var hasFlushed: Bool { entries.hasMark }

    mutating func append(_ buffer: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        bytes += buffer.readableBytes
        heldBytes += Self.held(by: buffer)
        entries.append((buffer, promise))
    }

    /// What a buffer adds to `heldBytes`. Of a slice only its part: the storage may be that of many.
    static func held(by buffer: ByteBuffer) -> Int { buffer.capacity + entryBytes }

    /// What is queued may be sent.
    mutating func mark() { entries.mark() }

    /// Calls `body` with the plaintext of the next record, out of flushed entries only.
    mutating func withNextRecord<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R? {
        guard hasFlushed, let first = entries.first else { return nil }
        if first.buffer.readableBytes >= Self.smallWrite || isLastFlushed(entries.startIndex) {
            return first.buffer.withUnsafeReadableBytes(body)
        }
        gather()
        return scratch.withUnsafeReadableBytes(body)
    }

    private mutating func gather() {
        scratch.clear()
        var index = entries.startIndex
        while true {
            let room = Self.maxRecord - scratch.readableBytes
            let buffer = entries[index].buffer
            scratch.writeBytes(buffer.readableBytesView.prefix(room))
            if buffer.readableBytes >= room || isLastFlushed(index) { return }
            index = entries.index(after: index)
        }
    }

    private func isLastFlushed(_ index: MarkedCircularBuffer<Entry>.Index) -> Bool { entries.isMarked(index: index) }

    /// Drops `count` sent bytes from the front. Promises of entries that are now sent whole are appended to `sent`.
    mutating func consume(_ count: Int, sent: inout [EventLoopPromise<Void>]) {
        bytes -= count
        var left = count
        while hasFlushed, let first = entries.first {
            let size = first.buffer.readableBytes
            guard left >= size else {
                entries[entries.startIndex].buffer.moveReaderIndex(forwardBy: left)
                return
            }
            left -= size
            if let promise = first.promise { sent.append(promise) }
            heldBytes -= Self.held(by: first.buffer)
            _ = entries.removeFirst()
        }
    }

    /// Takes out everything that was not flushed.
    mutating func takeUnflushed() -> [EventLoopPromise<Void>] {
        var kept = MarkedCircularBuffer<Entry>(initialCapacity: 16)
        var promises: [EventLoopPromise<Void>] = []
        while let entry = entries.first {
            let flushed = entries.hasMark
            _ = entries.removeFirst()
            if flushed {
                kept.append(entry)
            } else {
                bytes -= entry.buffer.readableBytes
                heldBytes -= Self.held(by: entry.buffer)
                if let promise = entry.promise { promises.append(promise) }
            }
        }
        kept.mark()
        entries = kept
        return promises
    }

    /// Takes out everything.
    mutating func takeAll() -> [EventLoopPromise<Void>] {
        let promises = entries.compactMap(\.promise)
        entries = MarkedCircularBuffer(initialCapacity: 16)
        bytes = 0
        heldBytes = 0
        return promises
    }
}
