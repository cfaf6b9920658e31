internal import MeshCall
internal import NIOCore
internal import Synchronization

/// One call whose answer is a stream. Until its first message was read it may be made again, as other calls are; from then on its reader
/// gets what comes, the error too.
final class StreamedCall: Sendable {
    private struct State {
        var call: RunningCall
        /// Nil when the stream is over or its reader has gone.
        var open: OpenStream?
        var hasBegun = false
        /// What its reader takes the messages from once the answer has begun; kept for as long as there is a reader.
        var settled: ReplyStream?
    }

    private let runner: CallRunner
    private let state: Mutex<State>
    private let response = ResponseMetadata()

    init(_ runner: CallRunner, _ call: RunningCall, _ open: OpenStream) {
        self.runner = runner
        state = Mutex(State(call: call, open: open))
    }

    var replies: ReplyStream {
        ReplyStream(next: { try await self.next() }, settled: { self.settled }, cancel: { self.leave() }, metadata: response)
    }

    private func next() async throws -> ByteBuffer? {
        if let settled {
            var messages = settled.makeAsyncIterator()
            return try await messages.next()
        }
        while true {
            let (open, hasBegun) = state.withLock { ($0.open, $0.hasBegun) }
            guard let open else { return nil }
            do {
                var messages = open.replies.makeAsyncIterator()
                let message = try await messages.next()
                if message == nil || !hasBegun { note(isLast: message == nil, open) }
                return message
            } catch {
                try await again(open, hasBegun, after: error)
            }
        }
    }

    private func note(isLast: Bool, _ open: OpenStream) {
        response.initial = open.replies.metadata
        // Without the stream, whose buffer keeps what observes it: its reader's letting go is what ends it.
        let metadata = open.replies.response
        guard !isLast else { return ended(open.lease, metadata, with: nil) }
        let lease = runner.pool.began(open.lease)
        state.withLock { state in
            state.hasBegun = true
            state.settled = open.replies
            if state.open != nil { state.open = OpenStream(lease: lease, replies: open.replies) }
        }
        // From here on its reader takes the messages from the connection itself.
        _ = open.replies.observed { self.ended(lease, metadata, with: $0) }
    }

    private func ended(_ lease: Lease, _ metadata: ResponseMetadata, with error: RPCError?) {
        response.trailing = metadata.trailing
        guard take() != nil else { return }
        guard let error else { return runner.pool.answered(lease) }
        // A stream that was answered and has reached the end of its time is no failure of its address.
        runner.pool.ended(lease, with: error.code == .deadlineExceeded ? .callCancelled : error)
    }

    /// The stream that the answer goes on with, once it has begun.
    private var settled: ReplyStream? { state.withLock { $0.settled } }

    /// Makes the call once more.
    ///
    /// - Throws: what its reader is told, if it may not be.
    private func again(_ open: OpenStream, _ hasBegun: Bool, after error: any Error) async throws {
        response.trailing = open.replies.trailers
        if take() != nil { runner.pool.ended(open.lease, with: error) }
        guard !hasBegun else { throw error }
        var call = state.withLock { $0.call }
        try await runner.pause(&call, after: error, on: open.lease.connection)
        let fresh = try await runner.open(&call)
        response.trailing = [:]
        state.withLock { state in
            state.call = call
            state.open = fresh
        }
    }

    /// The reader went away.
    private func leave() {
        // The stream knows of this call until its end: what keeps the stream must go with its reader.
        let settled = state.withLock { state in
            defer { state.settled = nil }
            return state.settled
        }
        // Let go of outside the lock.
        withExtendedLifetime(settled) {}
        if let open = take() { runner.pool.ended(open.lease, with: RPCError.callCancelled) }
    }

    private func take() -> OpenStream? {
        state.withLock { state in
            defer { state.open = nil }
            return state.open
        }
    }
}
