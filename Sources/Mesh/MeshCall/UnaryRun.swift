public import MeshMessages

/// Calls of one unary method, one after the other, for generated code:
///
///     while let (request, context) = run.next() {
///         do { try run.answer(try await handler.echo(request, context: context)) } catch { run.fail(error) }
///     }
///
/// Whoever has taken a call from `next` answers it or fails it before anything else: nothing but that ends it.
///
/// It cannot be copied, so that it is good inside this code only: the task that runs it keeps what it works with alive.
public struct UnaryRun<Request: MeshMessage, Response: MeshMessage>: ~Copyable {
    @usableFromInline let worker: CallWorker

    @usableFromInline
    init(_ worker: CallWorker) {
        self.worker = worker
    }

    /// The next call, once the one before has had its answer or has failed; nil when there is none that can begin now.
    @inlinable
    public func next() -> (request: Request, context: ServerContext)? {
        while let context = worker.begin() {
            var request: Request?
            worker.read(context) { bytes throws(RPCError) in request = try .requested(bytes) }
            if let request { return (request, context) }
        }
        return nil
    }

    /// Answers the call.
    ///
    /// - Throws: `MessageError` when the message cannot be packed.
    @inlinable
    public func answer(_ response: Response) throws {
        if worker.answersAtOnce {
            try response.prepare { worker.answer($0) }
        } else {
            worker.answerLater { body in try response.prepare(body) }
        }
    }

    /// Answers the call with what its handler threw.
    public func fail(_ error: any Error) {
        worker.fail(error)
    }
}
