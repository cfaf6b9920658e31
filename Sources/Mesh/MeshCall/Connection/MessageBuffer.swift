internal import NIOCore
internal import Synchronization

/// The stream messages of one direction of a call, between the connection that fills it and the one task that reads it.
///
/// What it holds is bounded by the stream's window: the connection gets the bytes' credit back only as they are read. Both sides work on
/// batches of their own: the messages that come in one turn are handed over together, for the price of one lock and one wake-up.
@usableFromInline
final class MessageBuffer: Sendable {
    typealias Reader = UnsafeContinuation<Void, Never>

    fileprivate struct State: ~Copyable {
        /// Handed over, not yet taken by the reader.
        var waiting = MessageBatch()
        /// In the reader's batch, or read, and not credited.
        var taken = Consumed()
        /// A guess at the bytes of the next batch, from those before.
        var expectedBytes = 0
        var reader: Reader?
        var end: Result<Void, RPCError>?
        /// Nobody reads on: what comes is credited at once.
        var isDiscarded = false
        var observers: [Observer] = []
        /// Observers are being told of the end: its reader is not to learn of it yet.
        var isTelling = false
    }

    /// Told how the stream ended: nil when well.
    typealias Observer = @Sendable (RPCError?) -> Void

    /// Messages whose credit is still to be given.
    struct Consumed {
        var messages = 0
        var charge = 0
    }

    private let state = Mutex(State())
    /// What came since the last hand-over. Confined to the connection's event loop.
    @exclusivity(unchecked) private nonisolated(unsafe) var arriving = MessageBatch()

    /// Held while a message is read: guards what follows.
    private let isReading = Atomic<Bool>(false)
    @exclusivity(unchecked) private nonisolated(unsafe) var batch = MessageBatch()
    /// Read out of the batch and not yet reported.
    @exclusivity(unchecked) private nonisolated(unsafe) var unreported = Consumed()

    /// The reader's batch is not to be read on.
    private let isGivenUp = Atomic<Bool>(false)

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

    /// Adds a message, which the reader gets with the next `handOver`.
    ///
    /// - Parameter parts: the message; it may lie in two pieces.
    func append(_ parts: UnsafeRawBufferPointer, _ last: UnsafeRawBufferPointer? = nil, charge: Int) {
        let expected = arriving.capacity == 0 ? state.withLock { $0.expectedBytes } : 0
        arriving.append(parts, last, charge: charge, expected: expected)
    }

    /// Lets the reader have what was added.
    ///
    /// - Returns: what is to be credited at once.
    func handOver() -> Consumed {
        guard !arriving.isEmpty else { return Consumed() }
        let (due, reader) = state.withLock { state -> (Consumed, Reader?) in
            state.waiting.append(&arriving)
            return (state.isDiscarded ? state.takeUnread() : Consumed(), state.takeReader())
        }
        reader?.resume()
        return due
    }

    /// No more messages come. Those that wait can still be read, unless `discard`.
    ///
    /// - Returns: what is to be credited at once.
    func finish(_ end: Result<Void, RPCError>, discard: Bool = false) -> Consumed {
        self.end(discard: discard) { state in
            if state.end == nil { state.end = end }
        }
    }

    /// Nobody reads on. A reader that does so nevertheless gets `error`, unless it had read everything.
    ///
    /// - Returns: what is to be credited at once.
    func discard(_ error: RPCError) -> Consumed {
        end(discard: true) { state in
            if state.hasUnread || state.end == nil { state.end = .failure(error) }
        }
    }

    private func end(discard: Bool, _ change: (inout State) -> Void) -> Consumed {
        let (due, ended) = state.withLock { state -> (Consumed, (() -> Void)?) in
            if !arriving.isEmpty { state.waiting.append(&arriving) }
            change(&state)
            guard discard else { return (Consumed(), state.takeEnd()) }
            isGivenUp.store(true, ordering: .relaxed)
            state.isDiscarded = true
            return (state.takeUnread(), state.takeEnd())
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
        guard !isReading.exchange(true, ordering: .acquiring) else { return secondReader() }
        defer { isReading.store(false, ordering: .releasing) }
        if batch.isEmpty || isGivenUp.load(ordering: .relaxed) {
            let ready = takeBatch()
            guard case .message = ready else { return ready }
        }
        unreported.add(batch.takeFirst(read))
        // A reader that has taken everything may wait for what only its credit lets the sender send, on this stream or another.
        if batch.isEmpty || unreported.charge >= reportAt { reportRead() }
        return .message
    }

    private func takeBatch() -> Ready {
        // An idle stream keeps little: it is the size that is kept, not the memory.
        let usedBytes = batch.usedBytes
        if batch.capacity > MessageBuffer.keptCapacity { batch = MessageBatch() } else { batch.removeAll() }
        return state.withLock { state in
            if usedBytes > 0 { state.expectedBytes = min(max(usedBytes, state.expectedBytes / 2), MessageBuffer.largestGuess) }
            guard !state.waiting.isEmpty else { return state.end == nil || state.isTelling ? .nothing : .ended }
            swap(&batch, &state.waiting)
            state.taken.add(batch.total)
            return .message
        }
    }

    private static let keptCapacity = 4096
    private static let largestGuess = 256 << 10

    private func reportRead() {
        let due = state.withLock { $0.credit(unreported) }
        unreported = Consumed()
        if due.messages > 0 { report(due) }
    }

    private func secondReader() -> Ready {
        state.withLock { $0.refuseSecondReader() }
        return .ended
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
    mutating func add(_ charge: Int) {
        messages += 1
        self.charge += charge
    }

    mutating func add(_ other: Self) {
        messages += other.messages
        charge += other.charge
    }
}

extension MessageBuffer.State {
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

    /// There are messages that nobody has read: those of the reader's batch count until they are credited.
    fileprivate var hasUnread: Bool { !waiting.isEmpty || taken.messages > 0 }

    /// Throws away what was not read. What is to be credited for it.
    fileprivate mutating func takeUnread() -> MessageBuffer.Consumed {
        var due = taken
        due.add(waiting.total)
        taken = MessageBuffer.Consumed()
        waiting = MessageBatch()
        return due
    }

    /// What is to be credited for messages that were read: nothing when all was credited as they were thrown away.
    fileprivate mutating func credit(_ read: MessageBuffer.Consumed) -> MessageBuffer.Consumed {
        guard !isDiscarded else { return MessageBuffer.Consumed() }
        taken.messages -= read.messages
        taken.charge -= read.charge
        return read
    }

    fileprivate mutating func refuseSecondReader() {
        end = .failure(RPCError(.internalError, "A stream of messages has one reader."))
    }

    /// Keeps the reader waiting; false when something came in the meantime, or when another reader waits already.
    fileprivate mutating func park(_ continuation: MessageBuffer.Reader) -> Bool {
        guard waiting.isEmpty, end == nil || isTelling else { return false }
        guard reader == nil else {
            refuseSecondReader()
            return false
        }
        reader = continuation
        return true
    }
}
