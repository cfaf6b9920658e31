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
            let worker = transport.executor.runNow { makeWorker(for: call) }
            // Not even begun: so much was ready that the loop has its turn first.
            guard worker.isDone || worker.hasBegun else { return }
        }
    }

    private func makeWorker(for call: ServerCall) -> CallWorker {
        let running = RunningCall(call)
        let worker = CallWorker(BoundCall(running))
        // A task takes over what is bound where it is made.
        CallContext.$current.withValue(CallContext(running)) {
            worker.task = Task(executorPreference: transport.executor) { [self] in await work(worker) }
        }
        return worker
    }

    // Concurrent, as its task prefers the loop's executor anyway.
    @concurrent
    private func work(_ worker: CallWorker) async {
        worker.hasBegun = true
        while let streams = next(for: worker) {
            let call = streams.call
            // Every function between here and the handler costs a look at the task's executor when it returns: they are few on purpose.
            var failure: RPCError?
            do {
                if call.invocation == nil { try await CallContext.$current.withValue(nil) { try await dispatcher.admit(call) } }
                if let invocation = call.invocation, !dispatcher.hasInterceptors {
                    try await invocation(ServerContext(call), streams)
                } else {
                    try await dispatcher.intercepted(call, streams)
                }
            } catch {
                failure = dispatcher.answer(to: error, call)
            }
            end(call, failure)
        }
    }

    private func end(_ call: ServerCall, _ failure: RPCError?) {
        if loop.inEventLoop { finish(call, failure) } else { loop.execute { self.finish(call, failure) } }
    }

    /// On the loop, unless the handler left it for good: then its task ends.
    private func next(for worker: CallWorker) -> ServerCallStreams? {
        guard loop.inEventLoop else { return nil }
        while !worker.isRetired, worker.bound.isUnshared, let call = pending.popFirst() {
            if call.isOver {
                machine.handlerReturned()
                continue
            }
            guard letIn(call) else { continue }
            call.worker = worker
            worker.bound.move(to: call)
            return ServerCallStreams(call: call, connection: self)
        }
        worker.isDone = true
        return nil
    }

    private func finish(_ call: ServerCall, _ failure: RPCError?) {
        call.worker = nil
        admission?.finished(call, succeeded: failure == nil && !call.isOver)
        machine.handlerReturned()
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
        if let inbound = call.inbound { report(inbound.discard(.handlerReturned), on: call.streamID) }
    }
}

extension RPCError {
    fileprivate static var handlerReturned: RPCError {
        RPCError(.cancelled, "The handler has returned.")
    }
}
