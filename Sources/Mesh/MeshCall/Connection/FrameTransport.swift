internal import Logging
internal import MeshWire
internal import NIOCore

/// What a connection does with the frames that its transport reads. Confined to the event loop.
protocol FrameHandler: AnyObject {
    func receive(_ header: FrameHeader, _ data: UnsafeRawBufferPointer?) throws(ConnectionFailure)
    var hasControlFrames: Bool { get }
    func takeControlFrames() -> [ControlFrame]
    func grant(_ streamID: UInt32, remaining: Int) -> SendGrant
    func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool
    /// The frame that ends this side of a stream was written.
    func endWritten(on streamID: UInt32)
    /// Queues the GOAWAY for a failure.
    func fail(_ failure: ConnectionFailure)
    /// Counts the memory that an unfinished frame takes from now on: where it is long, its bytes, otherwise 0. False when there is no room for it.
    func countPartialFrame(_ bytes: Int) -> Bool
    /// Nothing is left to do but what the next bytes bring, and somebody waits for that.
    var waitsForPeer: Bool { get }
    func ended(_ end: ConnectionEnd)
}

extension FrameHandler {
    /// Who has no budget for all connections is bound by the length of one frame.
    func countPartialFrame(_ bytes: Int) -> Bool { true }
}

/// The I/O half of a connection: splits what arrives, cuts what leaves, flushes once a read turn. Confined to the event loop.
final class FrameTransport: @unchecked Sendable {
    /// A message on its way out, with who waits for it.
    struct Payload: Sendable {
        var bytes: ByteBuffer
        var waiter: UnsafeContinuation<Void, any Error>?
        /// Its last frame ends the stream.
        var endsStream = false
    }

    let loop: any EventLoop
    let executor: LoopExecutor
    let limits: ConnectionLimits
    private let link: any FrameLink
    /// The connection that owns this: given up when it ends.
    @exclusivity(unchecked) private var handler: (any FrameHandler)?

    // As in `ServerConnection`, not checked at run time what happens for every frame.
    @exclusivity(unchecked) private var splitter: FrameSplitter
    /// An unfinished frame is counted.
    @exclusivity(unchecked) private var countsPartialFrame = false
    @exclusivity(unchecked) private var queue: OutboundQueue<Payload>
    private static let smallestOutgoing = 256
    private static let keptCapacity = 4096
    /// A guess at the bytes of a turn, from those before.
    @exclusivity(unchecked) private var expectedOutgoing = smallestOutgoing
    /// Frames of this turn.
    @exclusivity(unchecked) private var outgoing = ByteBuffer()
    @exclusivity(unchecked) private var inTurn = false
    @exclusivity(unchecked) private var turnBegan = NIODeadline.now()
    /// Frames seen when the last turn ended.
    @exclusivity(unchecked) private var framesBefore = 0
    /// What is being split; empty otherwise.
    @exclusivity(unchecked) private var reading = ByteBuffer()
    /// Where it lies, while it is split, and where that is in the buffer.
    @exclusivity(unchecked) private var readingStart: UnsafeRawPointer?
    @exclusivity(unchecked) private var readingIndex = 0
    /// `limits.maximumDeadline`.
    let longestNanoseconds: Int64
    @exclusivity(unchecked) private var flushScheduled = false
    @exclusivity(unchecked) private(set) var end: ConnectionEnd?
    @exclusivity(unchecked) private var watch = TransportWatch()

    init(loop: any EventLoop, link: any FrameLink, mode: WireMode, limits: ConnectionLimits) {
        self.loop = loop
        self.link = link
        self.limits = limits
        longestNanoseconds = limits.maximumDeadline.clampedNanoseconds
        executor = LoopExecutor.of(loop)
        splitter = FrameSplitter(mode: mode, settings: limits.settings)
        queue = OutboundQueue(maximumFrame: mode == .mesh ? Int(Settings.default.maximumDataFrame) : nil)
    }

    /// From now on until the end of the connection frames go to `handler`.
    func start(_ handler: any FrameHandler) {
        guard end == nil, self.handler == nil else { return }
        self.handler = handler
        executor.spin.add(link.descriptor, longest: limits.longestSpin.clampedNanoseconds)
    }

    // MARK: Reading

    func received(_ bytes: ByteBuffer) {
        guard end == nil, let handler else { return }
        beginTurn(bytes)
        do throws(ConnectionFailure) {
            try bytes.withUnsafeReadableBytes { raw throws(ConnectionFailure) in
                readingStart = raw.baseAddress
                try splitter.split(raw) { header, data throws(ConnectionFailure) in
                    // A frame may have made this side close the connection.
                    if self.end == nil { try handler.receive(header, data) }
                }
            }
        } catch {
            fail(error)
        }
        reading = Self.nothing
        readingStart = nil
        if end != nil { splitter.forgetPartialFrame() } else { countPartialFrame(handler) }
    }

    private func countPartialFrame(_ handler: any FrameHandler) {
        let bytes = splitter.heldBytes
        guard bytes > 0 || countsPartialFrame else { return }
        countsPartialFrame = bytes > 0
        guard !handler.countPartialFrame(bytes) else { return }
        // No fault of the peer's: it has broken no rule.
        fail(ConnectionFailure(.internalError, "no room for an unfinished frame of \(bytes) bytes: this server holds too much for its peers"))
    }

    private static let nothing = ByteBuffer()

    private func beginTurn(_ bytes: ByteBuffer) {
        inTurn = true
        turnBegan = .now()
        reading = bytes
        readingIndex = bytes.readerIndex
    }

    /// The time, as of the beginning of the read turn while one runs: a turn is short, and looking at the clock for each call is not free.
    var now: NIODeadline { inTurn ? turnBegan : .now() }

    /// What lies at `bytes` without a copy, if that is in the memory being read; it then keeps that memory.
    func slice(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        guard let base = readingStart, let start = bytes.baseAddress, start >= base, start - base <= reading.writerIndex - readingIndex else {
            return ByteBuffer(bytes: bytes)
        }
        // Moved and not asked for a slice at an index: that would count one more reference, for the buffer while it is asked.
        reading.moveReaderIndex(to: readingIndex + (start - base))
        // Nil when it ends beyond what is being read: then it lies elsewhere.
        return reading.readSlice(length: bytes.count) ?? ByteBuffer(bytes: bytes)
    }

    /// Ends a read turn: handlers that are ready run, then everything leaves in one flush.
    func readCompleted() {
        watch.noteRead(at: turnBegan)
        executor.drain()
        inTurn = false
        flush()
        if splitter.framesSeen &- framesBefore == 1, let handler, handler.waitsForPeer { executor.spin.turnEnded(on: loop) }
        framesBefore = splitter.framesSeen
    }

    func writabilityChanged() {
        link.writabilityChanged()
        // A link says this only when bytes have left it. It may be full again already, of what this side has queued: the peer took some all the same.
        watch.noteWrite(isStalled: false)
        if link.isWritable { flush() } else { watch.noteWrite(isStalled: true) }
    }

    /// False while the peer does not keep up with what is sent; for how long it may do so says `tooSlow`.
    var isWritable: Bool { link.isWritable }

    // MARK: Writing

    var queuedBytes: Int { queue.queuedBytes }
    var queuedMessages: Int { queue.queuedMessages }

    /// The longest frame that the peer takes, once it has said so.
    func setMaximumFrame(_ bytes: Int) {
        queue.maximumFrame = bytes
    }

    /// Sends a message after those already queued on its stream.
    func enqueue(_ type: FrameType, flags: FrameFlags = [], _ payload: Payload, on streamID: UInt32) {
        guard end == nil else {
            payload.waiter?.resume(throwing: RPCError(.unavailable, "The connection is closed."))
            return
        }
        queue.enqueue(.init(type: type, flags: flags, payload: payload, length: payload.bytes.readableBytes), on: streamID)
        wake()
    }

    /// Sends a message at once if nothing holds it back. False when it must be enqueued.
    func sendNow(
        _ type: FrameType, flags: FrameFlags = [], _ bytes: ByteBuffer, on streamID: UInt32, endsStream: Bool = false, for owner: some FrameHandler
    ) -> Bool {
        sendNow(type, flags: flags, length: bytes.readableBytes, on: streamID, endsStream: endsStream, for: owner) { memory in
            bytes.withUnsafeReadableBytes { memory.copyMemory(from: $0) }
        }
    }

    /// Writes a message of `length` bytes where it leaves from, if nothing holds it back. False when it must be enqueued.
    ///
    /// - Parameter owner: the connection that this belongs to. It asks itself, so that neither it nor its type has to be looked up.
    func sendNow(
        _ type: FrameType, flags: FrameFlags = [], length: Int, on streamID: UInt32, endsStream: Bool = false, for owner: some FrameHandler,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        // Not one frame more than the mark: memory for it would mean copying all the others.
        guard end == nil, handler != nil, link.isWritable, length <= queue.maximumFrame ?? .max,
            outgoing.readableBytes + FrameHeader.size + length <= limits.outboundHighWater
        else { return false }
        // Stream ids must increase on the wire: a request does not overtake one that is queued.
        guard queue.isEmpty || (type != .request && !queue.holds(streamID)) else { return false }
        guard type != .data || owner.grantAll(streamID, length) else { return false }
        writeControl(owner)
        writeFrame(FrameHeader(length: UInt32(length), streamID: streamID, type: type, flags: flags), write)
        if endsStream { owner.endWritten(on: streamID) }
        wake()
        return true
    }

    /// Forgets what a stream still had to send.
    ///
    /// - Returns: true when this includes the beginning of its Request, so that the peer has not heard of the stream.
    @discardableResult
    func drop(_ streamID: UInt32, _ error: RPCError) -> Bool {
        let dropped = queue.drop(streamID)
        resumeWaiters(dropped, error)
        return dropped.first.map { $0.type == .request && $0.isUntouched } ?? false
    }

    private func forgetGone(_ messages: [OutboundQueue<Payload>.Message]) {
        resumeWaiters(messages, RPCError(.cancelled, "The stream has ended."))
    }

    private func resumeWaiters(_ messages: [OutboundQueue<Payload>.Message], _ error: RPCError) {
        for message in messages { message.payload.waiter?.resume(throwing: error) }
    }

    func windowOpened(_ streamID: UInt32) {
        queue.windowOpened(streamID)
        wake()
    }

    /// Makes sure that what is queued, control frames included, leaves at the end of this turn or soon.
    func wake() {
        guard !inTurn, !flushScheduled, end == nil else { return }
        flushScheduled = true
        loop.execute {
            self.flushScheduled = false
            self.flush()
        }
    }

    private var takesMore: Bool { link.isWritable && outgoing.readableBytes < limits.outboundHighWater }

    private func flush() {
        guard let handler else { return }
        var isFull = true
        while end == nil, isFull {
            writeControl(handler)
            while takesMore, !queue.isEmpty, let chunk = queue.next(handler.grant, gone: forgetGone) { write(chunk, handler) }
            isFull = outgoing.readableBytes >= limits.outboundHighWater && link.isWritable
            sendOutgoing()
        }
        // Also of a peer that is owed nothing but control frames, which are not held back: a link that is not writable holds bytes.
        watch.noteWrite(isStalled: !link.isWritable)
    }

    @inline(__always)
    private func writeControl(_ handler: some FrameHandler) {
        guard handler.hasControlFrames else { return }
        for frame in handler.takeControlFrames() { outgoing.writeBytes(frame.encoded) }
    }

    private func write(_ chunk: OutboundQueue<Payload>.Chunk, _ handler: any FrameHandler) {
        let start = chunk.payload.bytes.readerIndex + chunk.range.lowerBound
        let bytes = chunk.payload.bytes.viewBytes(at: start, length: chunk.range.count) ?? chunk.payload.bytes.readableBytesView
        write(chunk.header, bytes)
        guard chunk.endsMessage else { return }
        if chunk.payload.endsStream { handler.endWritten(on: chunk.header.streamID) }
        chunk.payload.waiter?.resume()
    }

    private func write(_ header: FrameHeader, _ data: ByteBufferView) {
        writeFrame(header) { memory in data.withUnsafeBytes { memory.copyMemory(from: $0) } }
    }

    /// Header and data in one piece: `write` gets memory for exactly the data.
    private func writeFrame(_ header: FrameHeader, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        if outgoing.readableBytes == 0 { outgoing.reserveCapacity(expectedOutgoing) }
        let end = FrameHeader.size + Int(header.length)
        outgoing.writeWithUnsafeMutableBytes(minimumWritableBytes: end) { memory in
            header.write(to: memory)
            write(UnsafeMutableRawBufferPointer(rebasing: memory[FrameHeader.size..<end]))
            return end
        }
    }

    private func sendOutgoing() {
        guard outgoing.readableBytes > 0 else { return }
        let length = outgoing.readableBytes
        var bytes = outgoing
        outgoing = ByteBuffer()
        expectedOutgoing = max(Self.smallestOutgoing, min(max(length * 2, expectedOutgoing / 2), limits.outboundHighWater))
        link.send(bytes)
        // Used again if the link has copied it already; an idle connection keeps little.
        guard bytes.capacity <= Self.keptCapacity, outgoing.capacity == 0 else { return }
        if bytes.modifyIfUniquelyOwned({ $0.clear() }) != nil { outgoing = bytes }
    }

    // MARK: Ending

    /// The peer broke a rule: says why, then closes.
    func fail(_ failure: ConnectionFailure) {
        guard end == nil, let handler else { return }
        handler.fail(failure)
        writeControl(handler)
        sendOutgoing()
        finish(.failed(failure))
    }

    /// Closes in good order; queued messages are lost.
    func close() {
        guard end == nil else { return }
        if let handler { writeControl(handler) }
        sendOutgoing()
        finish(.closed)
    }

    func linkClosed(_ cause: (any Error)?) {
        if cause == nil, splitter.holdsPartialFrame {
            return finish(.failed(ConnectionFailure(.protocolError, "the connection ended inside a frame")))
        }
        finish(.lost(cause.map { "\($0)" } ?? "the peer closed the connection"))
    }

    private func finish(_ reason: ConnectionEnd) {
        guard end == nil else { return }
        end = reason
        watch.stop()
        if handler != nil { executor.spin.remove(link.descriptor) }
        let dropped = queue.dropAll()
        // Who hears of it logs why before the peer can notice.
        handler?.ended(reason)
        handler = nil
        // Not while it is split: whoever does that sees to it.
        if readingStart == nil { splitter.forgetPartialFrame() }
        link.close()
        resumeWaiters(dropped, RPCError(.unavailable, "The connection is closed."))
    }

    // MARK: Time

    /// Starts looking at the times of the connection; `each` is called at every tick.
    func startTicking(_ each: @escaping @Sendable () -> Void) {
        watch.start(on: loop, every: limits.tick, each)
    }

    /// Why the peer is too slow, if it is.
    func tooSlow() -> ConnectionFailure? {
        watch.check(partialFrame: splitter.holdsPartialFrame ? splitter.framesSeen : nil, limits)
    }

    var quietTime: Duration { watch.quietTime }
}
