internal import NIOCore
internal import Synchronization

/// The stream messages of one direction of a call, between the connection that fills it and the one task that reads it.
///
/// What it holds is bounded by the stream's window: the connection gets the bytes' credit back only as they are read. The messages
/// lie in one piece of memory, so that a small one costs neither an allocation nor the read buffer that it came in.
@usableFromInline
final class MessageBuffer: Sendable {
    typealias Reader = UnsafeContinuation<Void, Never>

    fileprivate struct State {
        var bytes = ByteBuffer()
        /// A guess at the bytes that will wait at once, from the last time: growing step by step copies all of them each time.
        var expectedBytes = 0
        var waiting = CircularBuffer<(length: Int, charge: Int)>()
        var reader: Reader?
        var end: Result<Void, RPCError>?
        var unreported = Consumed()
        var observers: [Observer] = []
        /// Observers are being told of the end: its reader is not to learn of it yet.
        var isTelling = false
    }

    /// Told how the stream ended: nil when well.
    typealias Observer = @Sendable (RPCError?) -> Void

    /// Messages read whose credit is still to be given.
    struct Consumed {
        var messages = 0
        var charge = 0
    }

    private let state = Mutex(State())
    private let reportAt: Int
    private let report: @Sendable (Consumed) -> Void
    private let giveUp: @Sendable () -> Void

    /// - Parameters:
    ///   - reportAt: bytes read after which `report` is called while more wait; it is called too when all have been read.
    ///   - report: gives credit back to the sender; called on the reader's thread.
    ///   - giveUp: called when the reader's task is cancelled while it waits.
    init(reportAt: Int, report: @escaping @Sendable (Consumed) -> Void, giveUp: @escaping @Sendable () -> Void) {
        self.reportAt = reportAt
        self.report = report
        self.giveUp = giveUp
    }

    // MARK: The connection's side

    /// - Parameter parts: the message; it may lie in two pieces.
    func append(_ parts: UnsafeRawBufferPointer, _ last: UnsafeRawBufferPointer? = nil, charge: Int) {
        let reader = state.withLock { state -> Reader? in
            state.makeRoom(for: parts.count)
            state.bytes.writeBytes(parts)
            if let last { state.bytes.writeBytes(last) }
            state.waiting.append((parts.count + (last?.count ?? 0), charge))
            return state.takeReader()
        }
        reader?.resume()
    }

    /// No more messages come. Those that wait can still be read, unless `discard`.
    ///
    /// - Returns: what is to be credited at once.
    func finish(_ end: Result<Void, RPCError>, discard: Bool = false) -> Consumed {
        let (due, ended) = state.withLock { state -> (Consumed, (() -> Void)?) in
            if state.end == nil { state.end = end }
            if discard { state.discardUnread() }
            return (state.takeUnreported(), state.takeEnd())
        }
        tell(ended)
        return due
    }

    private func tell(_ ended: (() -> Void)?) {
        ended?()
        let reader = state.withLock { state in
            state.isTelling = false
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Nobody reads on. A reader that does so nevertheless gets `error`, unless it had read everything.
    ///
    /// - Returns: what is to be credited at once.
    func discard(_ error: RPCError) -> Consumed {
        let (due, ended) = state.withLock { state -> (Consumed, (() -> Void)?) in
            if !state.waiting.isEmpty || state.end == nil { state.end = .failure(error) }
            state.discardUnread()
            return (state.takeUnreported(), state.takeEnd())
        }
        tell(ended)
        return due
    }

    /// Calls `observer` once the stream has ended, before its reader learns of it; at once when it has already.
    func whenEnded(_ observer: @escaping Observer) {
        let ended = state.withLock { state in
            state.observers.append(observer)
            return state.takeEnd()
        }
        if let ended { tell(ended) }
    }

    // MARK: The reader's side

    func nextBytes() async throws -> ByteBuffer? {
        while true {
            var message: ByteBuffer?
            switch takeReady({ message = ByteBuffer(bytes: $0) }) {
            case .message: return message
            case .ended: return try ended()
            case .nothing: await wait()
            }
        }
    }

    /// What the reader finds. Without what came with it: taking out a message is to cost no more than that.
    @usableFromInline
    enum Ready {
        case message
        case ended
        case nothing
    }

    /// Nil, as a reader gets it at the end.
    ///
    /// - Throws: `RPCError` when the stream did not end well.
    @usableFromInline
    func ended<Message>() throws -> Message? {
        if case .failure(let error) = state.withLock({ $0.end }) { throw error }
        return nil
    }

    /// Hands the bytes of the next message to `read`, if there is one. Not generic, as it is called for every message.
    @usableFromInline
    func takeReady(_ read: (UnsafeRawBufferPointer) -> Void) -> Ready {
        // A reader that has taken everything may wait for what only its credit lets the sender send, on this stream or another.
        let (ready, due) = state.withLock { state -> (Ready, Consumed?) in
            guard let next = state.waiting.popFirst() else { return (state.ended, state.takeDue(reportAt)) }
            state.unreported.add(next.charge)
            state.read(next.length, read)
            return (.message, state.takeDue(reportAt))
        }
        if let due { report(due) }
        return ready
    }

    @usableFromInline
    func wait() async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (reader: Reader) in
                let parked = state.withLock { $0.park(reader) }
                if !parked { reader.resume() }
            }
        } onCancel: {
            giveUp()
        }
    }
}

extension MessageBuffer.Consumed {
    fileprivate mutating func add(_ charge: Int) {
        messages += 1
        self.charge += charge
    }
}

extension MessageBuffer.State {
    /// Memory kept for the next messages once all have been read.
    private static let keptCapacity = 4096
    private static let largestGuess = 256 << 10

    fileprivate mutating func read(_ length: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        bytes.moveReaderIndex(forwardBy: length)
        if waiting.isEmpty { reclaim() }
    }

    fileprivate var ended: MessageBuffer.Ready { end == nil || isTelling ? .nothing : .ended }

    /// Moves what waits to the front once most of the memory has been read.
    fileprivate mutating func makeRoom(for byteCount: Int) {
        if bytes.capacity == 0 { bytes.reserveCapacity(max(byteCount, expectedBytes)) }
        if bytes.readerIndex > Self.keptCapacity, bytes.readerIndex > bytes.readableBytes { bytes.discardReadBytes() }
    }

    private mutating func reclaim() {
        guard bytes.storageCapacity > Self.keptCapacity else { return bytes.clear() }
        // An idle stream keeps little: it is the size that is kept, not the memory.
        expectedBytes = min(bytes.writerIndex, Self.largestGuess)
        bytes = ByteBuffer()
    }

    fileprivate mutating func takeReader() -> MessageBuffer.Reader? {
        defer { reader = nil }
        return reader
    }

    /// What tells the observers of the end, if there are both.
    fileprivate mutating func takeEnd() -> (() -> Void)? {
        guard let end, !observers.isEmpty else { return nil }
        let told = observers
        observers = []
        isTelling = true
        let error: RPCError? = if case .failure(let error) = end { error } else { nil }
        return { for observer in told { observer(error) } }
    }

    fileprivate mutating func discardUnread() {
        for message in waiting { unreported.add(message.charge) }
        waiting.removeAll()
        bytes = ByteBuffer()
    }

    fileprivate mutating func takeUnreported() -> MessageBuffer.Consumed {
        defer { unreported = MessageBuffer.Consumed() }
        return unreported
    }

    fileprivate mutating func takeDue(_ reportAt: Int) -> MessageBuffer.Consumed? {
        guard unreported.messages > 0, waiting.isEmpty || unreported.charge >= reportAt else { return nil }
        return takeUnreported()
    }

    /// Keeps the reader waiting; false when something came in the meantime, or when another reader waits already.
    fileprivate mutating func park(_ continuation: MessageBuffer.Reader) -> Bool {
        guard waiting.isEmpty, end == nil || isTelling else { return false }
        guard reader == nil else {
            end = .failure(RPCError(.internalError, "A stream of messages has one reader."))
            return false
        }
        reader = continuation
        return true
    }
}
