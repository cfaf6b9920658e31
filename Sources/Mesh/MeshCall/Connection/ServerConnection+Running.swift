internal import MeshWire
internal import NIOCore

/// Running handlers.
///
/// The handlers of one read turn share a task: starting one costs more than all else that a small call needs. When a handler waits,
/// those after it get the next task, so none waits for another. A task whose call was cancelled runs no further call.
extension ServerConnection {
    /// Begins the handlers of the calls that came in this turn.
    func runPending() {
        while let call = pending.first {
            let worker = pending.hasOne ? startWorker(for: call) : transport.executor.runNow { makeWorker(for: call) }
            // Not even begun: so much was ready that the loop has its turn first. Whoever waits behind it does not wait for it.
            guard worker.isDone || worker.hasBegun else { return loop.execute { self.runPending() } }
        }
    }

    /// For a call that came alone: to bind in the task costs less than to have the task take over, but it runs no second call then, as the
    /// code that binds has a reference too.
    private func startWorker(for call: ServerCall) -> CallWorker {
        let running = RunningCall(call)
        let worker = CallWorker(BoundCall(running), self)
        let task = Task.immediate(executorPreference: transport.executor) {
            await CallContext.$current.withValue(CallContext(running)) { await worker.connection.work(worker) }
        }
        guard !worker.isDone else { return worker }
        worker.task = task
        // What ran in the meantime may have given its call up.
        if worker.isRetired { task.cancel() }
        return worker
    }

    /// For several calls.
    private func makeWorker(for call: ServerCall) -> CallWorker {
        let running = RunningCall(call)
        let worker = CallWorker(BoundCall(running), self)
        // A task takes over what is bound where it is made.
        CallContext.$current.withValue(CallContext(running)) {
            worker.task = Task(executorPreference: transport.executor) { await worker.connection.work(worker) }
        }
        return worker
    }

    private func work(_ worker: CallWorker) async {
        while let call = next(for: worker) {
            // Every function between here and the handler costs a look at the task's executor when it returns: they are few on purpose.
            var failure: RPCError?
            do {
                if call.needsToken { try await CallContext.$current.withValue(nil) { try await dispatcher.admit(call) } }
                if call.payload != nil, let run = call.method.implementation.run {
                    worker.prepareRun()
                    await run(worker)
                    continue
                }
                let streams = ServerCallStreams(call: call, connection: self)
                if let invocation = call.invocation, !dispatcher.hasInterceptors {
                    try await invocation(ServerContext(call), streams)
                } else {
                    try await dispatcher.intercepted(call, streams)
                }
            } catch {
                failure = dispatcher.answer(to: error, call)
            }
            end(call, failure, by: worker)
        }
    }

    /// On the loop, unless the handler left it for good: then its task ends.
    ///
    /// - Parameter method: nil for any; otherwise a call of this one that can begin at once.
    func next(for worker: CallWorker, of method: ObjectIdentifier? = nil) -> ServerCall? {
        guard loop.inEventLoop else { return nil }
        let isFirst = !worker.hasBegun
        worker.hasBegun = true
        while !worker.isRetired, isFirst || worker.bound.isUnshared {
            if let method, !pending.beginsWithCall(of: method) { return nil }
            guard let call = pending.popFirst() else { break }
            if call.isOver {
                machine.handlerReturned()
                letGo(call)
                continue
            }
            guard letIn(call) else { continue }
            call.worker = worker
            spare.keep(worker.bound.move(to: call))
            return call
        }
        worker.isDone = true
        return nil
    }

    var isOnLoop: Bool { loop.inEventLoop }

    /// The handler of a call has returned.
    ///
    /// - Parameter worker: the one that ran it. It lives until the call no longer refers to it.
    func end(_ call: ServerCall, _ failure: RPCError?, by worker: CallWorker) {
        guard !loop.inEventLoop else { return finish(call, failure) }
        loop.execute { withExtendedLifetime(worker) { self.finish(call, failure) } }
    }

    private func finish(_ call: ServerCall, _ failure: RPCError?) {
        call.worker = nil
        admission?.finished(call, succeeded: failure == nil && !call.isOver)
        machine.handlerReturned()
        letGo(call)
        defer { closeIfDrained() }
        guard !call.isOver else { return }
        call.isOver = true
        _ = calls.removeValue(forKey: call.streamID)
        if case .sent = call.reply {
        } else if let failure {
            let trailers = call.responseIfMade?.trailing ?? [:]
            answer(call.streamID, failure, trailers: trailers, domain: call.descriptor.service)
        } else {
            succeed(call)
        }
        call.parts = MessageParts()
        if let inbound = call.inbound { report(inbound.discard(.handlerReturned), on: call.streamID) }
    }
}

extension RPCError {
    fileprivate static var handlerReturned: RPCError {
        RPCError(.cancelled, "The handler has returned.")
    }
}
