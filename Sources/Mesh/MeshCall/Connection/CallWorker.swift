internal import Logging
public import MeshMessages
internal import NIOCore

/// A task that runs handlers, one after the other. Confined to the event loop, but for the answer of a handler that has left it.
@usableFromInline
package final class CallWorker: @unchecked Sendable {
    let connection: ServerConnection
    /// What its task has bound.
    let bound: BoundCall
    @exclusivity(unchecked) var task: Task<Void, Never>?
    /// Its task was cancelled for the sake of one call: it runs no other.
    @exclusivity(unchecked) private(set) var isRetired = false
    @exclusivity(unchecked) var hasBegun = false
    @exclusivity(unchecked) var isDone = false
    /// The bound call is for whoever asks for the next.
    @exclusivity(unchecked) private var isReady = false

    init(_ bound: BoundCall, _ connection: ServerConnection) {
        self.bound = bound
        self.connection = connection
    }

    func cancel() {
        isRetired = true
        task?.cancel()
    }

    // MARK: - Calls of one unary method

    /// The bound call is the first to begin.
    func prepareRun() {
        isReady = true
    }

    /// - Returns: the call that begins; nil when there is none of the method.
    @usableFromInline
    func begin() -> ServerContext? {
        if isReady {
            isReady = false
            return ServerContext(bound.call)
        }
        return connection.next(for: self, of: bound.withCall { ObjectIdentifier($0.method) }).map { ServerContext($0) }
    }

    /// Hands the packed request to `body`; the call is refused when that throws.
    @usableFromInline
    func read(_ context: ServerContext, _ body: (UnsafeRawBufferPointer) throws(RPCError) -> Void) {
        let call = context.call
        guard let payload = call.payload.take() else { return }
        do throws(RPCError) {
            try payload.withUnsafeReadableBytes { bytes throws(RPCError) in try body(bytes) }
        } catch {
            connection.refuse(call, error, by: self)
        }
    }

    /// Nothing can follow that would change the answer: it is packed where it leaves from.
    @usableFromInline var answersAtOnce: Bool { connection.isOnLoop }

    /// The answer, on the loop: the call is over.
    @usableFromInline
    func answer(_ message: PreparedMessage) {
        bound.withCall { call in
            connection.send(message, of: call)
            connection.end(call, nil, by: self)
        }
    }

    /// The answer, to be packed on the loop: the call is over.
    @usableFromInline
    func answerLater(_ pack: @escaping @Sendable ((PreparedMessage) -> Void) throws -> Void) {
        let call = bound.call
        call.reply = .later(pack)
        connection.end(call, nil, by: self)
    }

    @usableFromInline
    func fail(_ error: any Error) {
        let call = bound.call
        connection.end(call, connection.dispatcher.answer(to: error, call), by: self)
    }
}
