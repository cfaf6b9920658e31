internal import Logging
public import MeshMessages
public import NIOCore
internal import Synchronization

/// One call at the server: what its handler sees of it, and where it stands. What is not constant or locked is confined to its
/// connection's event loop.
final class ServerCall: @unchecked Sendable {
    /// Set anew when the object is used again, and constant while a call has it.
    @exclusivity(unchecked) private(set) var streamID: UInt32
    let method: MethodTable.Entry
    @exclusivity(unchecked) private(set) var metadata: Metadata
    @exclusivity(unchecked) private(set) var deadline: NIODeadline
    let scope: PeerScope
    /// Its caller has to be asked for a token before the handler begins.
    @exclusivity(unchecked) var needsToken = false
    /// The packed request of a method whose handler unpacks it as it begins.
    @exclusivity(unchecked) var payload: ByteBuffer?
    /// The run of any other handler; nil until the caller may call.
    @exclusivity(unchecked) var invocation: Invocation?
    /// The length of its packed request where that is long, which counts until the handler has returned; otherwise 0.
    @exclusivity(unchecked) var longRequestBytes = 0
    /// Makes the invocation once the caller has been admitted; nil when it was at once.
    @exclusivity(unchecked) var unpack: (@Sendable () throws -> Invocation)?
    /// Set by the handler's task, read once it is done.
    @exclusivity(unchecked) var reply = GivenReply.none
    /// The verified person; set before the handler runs.
    @exclusivity(unchecked) var principal: Principal?

    private struct Made {
        var requestID: String?
        var response: ResponseMetadata?
    }

    /// What most calls never need.
    private let made = Mutex(Made())
    private let isMade = Atomic<Bool>(false)

    // Confined to the loop.
    @exclusivity(unchecked) var pass: AdmissionGate.Pass?
    /// The task that runs the handler, while it does. Not counted: the worker lives until `ServerConnection.end` has taken it out.
    @exclusivity(unchecked) unowned(unsafe) var worker: CallWorker?
    /// Messages that the client streams.
    @exclusivity(unchecked) var inbound: MessageBuffer?
    /// The stream message underway.
    @exclusivity(unchecked) var parts = MessageParts()
    /// The status was sent, or the caller is gone: whatever the handler still says is dropped.
    @exclusivity(unchecked) var isOver = false
    /// Response metadata can no longer be sent, or has been.
    @exclusivity(unchecked) var headersSent = false
    /// Why the handler's sends fail; nil when the caller is simply gone.
    @exclusivity(unchecked) var over: RPCError?

    init(
        streamID: UInt32, method: MethodTable.Entry, metadata: Metadata, deadline: NIODeadline, scope: PeerScope
    ) {
        self.streamID = streamID
        self.method = method
        self.metadata = metadata
        self.deadline = deadline
        self.scope = scope
    }

    /// Makes the object, which has forgotten its former call, that of another of the same method and peer.
    func begin(streamID: UInt32, metadata: Metadata, deadline: NIODeadline) {
        self.streamID = streamID
        self.deadline = deadline
        if !metadata.isEmpty { self.metadata = metadata }
    }

    /// Lets go of everything that the call had, and is as it was made. Only when nobody else has the object: handlers may keep their context.
    func forget() {
        // Looked at first: to let go of nothing is a call too, and nearly always there is nothing.
        if !metadata.isEmpty { metadata = Metadata() }
        if payload != nil { payload = nil }
        if invocation != nil { invocation = nil }
        if unpack != nil { unpack = nil }
        if principal != nil { principal = nil }
        if over != nil { over = nil }
        if !parts.isEmpty { parts = MessageParts() }
        reply = .none
        (needsToken, isOver, headersSent, longRequestBytes, pass, worker) = (false, false, false, 0, nil, nil)
        if isMade.load(ordering: .acquiring) { forgetMade() }
    }

    private func forgetMade() {
        made.withLock { $0 = Made() }
        isMade.store(false, ordering: .releasing)
    }

    var descriptor: MethodDescriptor { method.implementation.descriptor }

    /// The caller's request id where it is fit for a log line, a new one otherwise.
    var requestID: String {
        made.withLock { made in
            if let id = made.requestID { return id }
            let id = RequestID.given(metadata) ?? RequestID.make()
            made.requestID = id
            isMade.store(true, ordering: .releasing)
            return id
        }
    }

    /// Response metadata and trailers that the handler sets.
    var response: ResponseMetadata {
        made.withLock { made in
            if let response = made.response { return response }
            let response = ResponseMetadata()
            made.response = response
            isMade.store(true, ordering: .releasing)
            return response
        }
    }

    /// Nil when the handler has not touched it.
    var responseIfMade: ResponseMetadata? { isMade.load(ordering: .acquiring) ? made.withLock { $0.response } : nil }

    var logger: Logger {
        var logger = scope.logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        logger[metadataKey: "method"] = "\(descriptor.path)"
        logger[metadataKey: "peer"] = "\(scope.peer.name)"
        return logger
    }
}

/// What all calls of one connection share.
final class PeerScope: Sendable {
    let peer: PeerIdentity
    let logger: Logger

    init(peer: PeerIdentity, logger: Logger) {
        self.peer = peer
        self.logger = logger
    }
}

/// Where the handler of a streaming call reads and writes. Keeps the connection alive while the handler runs.
@usableFromInline
package struct ServerCallStreams: ResponseSink {
    let call: ServerCall
    let connection: ServerConnection

    /// What the client streams. Of a method that takes one message it is empty.
    @usableFromInline var requests: RequestMessages {
        RequestMessages(buffer: call.inbound ?? .empty)
    }

    /// On the loop, so that a message can be packed where it leaves from.
    @usableFromInline var mayWriteNow: Bool { connection.loop.inEventLoop }

    /// False when the message must be packed and wait. On the loop.
    ///
    /// - Throws: `RPCError` when the call is over or the message too long.
    @usableFromInline
    func sendNow(_ message: PreparedMessage) throws(RPCError) -> Bool { try connection.sendNow(message, on: call) }

    @usableFromInline
    package func send(_ message: ByteBuffer) async throws {
        let loop = connection.loop
        if loop.inEventLoop, try connection.sendNow(message, on: call) { return }
        try await withUnsafeThrowingContinuation { (waiter: UnsafeContinuation<Void, any Error>) in
            if loop.inEventLoop {
                connection.enqueue(message, on: call, waiter)
            } else {
                loop.execute { connection.enqueue(message, on: call, waiter) }
            }
        }
    }
}

extension MessageBuffer {
    /// Nothing comes.
    static var empty: MessageBuffer {
        let buffer = MessageBuffer(reportAt: 0, report: { _ in }, giveUp: {})
        _ = buffer.finish(.success(()))
        return buffer
    }
}
