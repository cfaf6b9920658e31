internal import NIOCore
internal import Synchronization

/// The messages of one streaming answer between the connection that fills it and the one task that reads it.
///
/// What it holds is bounded by the stream's window: the connection gets the bytes' credit back only as they are read.
final class ReplyBuffer: Sendable {
    fileprivate struct State {
        var messages = CircularBuffer<(bytes: ByteBuffer, charge: Int)>()
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        var end: Result<Void, RPCError>?
        var unreported = Consumed()
    }

    /// Messages read whose credit is still to be given.
    struct Consumed {
        var messages = 0
        var charge = 0
    }

    private let state = Mutex(State())
    private let reportAt: Int
    private let report: @Sendable (Consumed) -> Void

    /// - Parameters:
    ///   - reportAt: bytes read after which `report` is called while more wait; it is called too when all have been read.
    ///   - report: gives credit back to the sender; called on the reader's thread.
    init(reportAt: Int, report: @escaping @Sendable (Consumed) -> Void) {
        self.reportAt = reportAt
        self.report = report
    }

    // MARK: The connection's side

    func append(_ bytes: ByteBuffer, charge: Int) {
        let reader = state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard let reader = state.reader else {
                state.messages.append((bytes, charge))
                return nil
            }
            state.reader = nil
            state.unreported.add(charge)
            return reader
        }
        guard let reader else { return }
        reportIfDue()
        reader.resume(returning: bytes)
    }

    /// No more messages come. Those that wait can still be read, unless `discard`.
    ///
    /// - Returns: what is to be credited at once.
    func finish(_ end: Result<Void, RPCError>, discard: Bool = false) -> Consumed {
        let (reader, due) = state.withLock { state -> (CheckedContinuation<ByteBuffer?, any Error>?, Consumed) in
            if state.end == nil { state.end = end }
            if discard { state.discardUnread() }
            defer { state.reader = nil }
            return (state.reader, state.takeUnreported())
        }
        switch end {
        case .success: reader?.resume(returning: nil)
        case .failure(let error): reader?.resume(throwing: error)
        }
        return due
    }

    /// Nobody reads on. A reader that does so nevertheless gets `error`, unless it had read everything.
    ///
    /// - Returns: what is to be credited at once.
    func discard(_ error: RPCError) -> Consumed {
        state.withLock { state in
            if !state.messages.isEmpty { state.end = .failure(error) }
            state.discardUnread()
            return state.takeUnreported()
        }
    }

    // MARK: The reader's side

    func next() async throws -> ByteBuffer? {
        if let ready = takeReady() { return try ready.get() }
        return try await withCheckedThrowingContinuation { continuation in
            let resume = state.withLock { $0.park(continuation) }
            resume?()
            reportIfDue()
        }
    }

    /// What can be had without waiting: a message, or nil for the end.
    private func takeReady() -> Result<ByteBuffer?, RPCError>? {
        let taken = state.withLock { state -> Result<ByteBuffer?, RPCError>? in
            if let message = state.messages.popFirst() {
                state.unreported.add(message.charge)
                return .success(message.bytes)
            }
            return state.end.map { end in end.map { nil } }
        }
        reportIfDue()
        return taken
    }

    /// A reader that has taken everything may wait for what only its credit lets the sender send, on this stream or another.
    private func reportIfDue() {
        let due = state.withLock { state -> Consumed? in
            guard state.unreported.messages > 0, state.messages.isEmpty || state.unreported.charge >= reportAt else { return nil }
            return state.takeUnreported()
        }
        if let due { report(due) }
    }
}

extension ReplyBuffer.Consumed {
    fileprivate mutating func add(_ charge: Int) {
        messages += 1
        self.charge += charge
    }
}

extension ReplyBuffer.State {
    fileprivate mutating func discardUnread() {
        for message in messages { unreported.add(message.charge) }
        messages.removeAll()
    }

    fileprivate mutating func takeUnreported() -> ReplyBuffer.Consumed {
        defer { unreported = ReplyBuffer.Consumed() }
        return unreported
    }

    /// Keeps the reader waiting, or says how to let it go on at once because something came in the meantime.
    fileprivate mutating func park(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) -> (() -> Void)? {
        if let message = messages.popFirst() {
            unreported.add(message.charge)
            return { continuation.resume(returning: message.bytes) }
        }
        switch end {
        case .success: return { continuation.resume(returning: nil) }
        case .failure(let error): return { continuation.resume(throwing: error) }
        case nil:
            guard reader == nil else {
                return { continuation.resume(throwing: RPCError(.internalError, "A stream of answers has one reader.")) }
            }
            reader = continuation
            return nil
        }
    }
}
