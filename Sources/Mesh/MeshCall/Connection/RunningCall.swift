/// The call whose handler a worker's task runs, as the task has it bound: one binding for all calls that it runs, since to bind a value costs as much
/// as a small handler.
///
/// A task that a handler starts takes the binding over, and code may keep a `CallContext`. Both then share this object, and it stays with the call
/// that they took it from: the worker runs no other. Only the worker changes `call`, between two handlers, while its task has the one reference.
final class RunningCall: @unchecked Sendable {
    @exclusivity(unchecked) fileprivate(set) var call: ServerCall

    init(_ call: ServerCall) {
        self.call = call
    }

    fileprivate func replace(with next: consuming ServerCall) -> ServerCall {
        swap(&call, &next)
        return next
    }
}

/// The object that a task has bound, for code that runs in this task only. No reference of its own: it would be counted with the others.
struct BoundCall {
    private let running: Unmanaged<RunningCall>

    /// - Parameter running: what a task is about to bind for as long as it lives.
    init(_ running: RunningCall) {
        self.running = .passUnretained(running)
    }

    /// Nobody but the task has it, between two handlers.
    ///
    /// Child tasks read the binding without a reference, but they have ended with the handler. Another thread that is just letting go of its reference
    /// has read `call` before, and one that has none cannot come by one.
    var isUnshared: Bool {
        var address = running.toOpaque()
        // A reference to a class of Swift is its address; the task's own one keeps the object alive.
        return withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: RunningCall.self, capacity: 1) { isKnownUniquelyReferenced(&$0.pointee) }
        }
    }

    var call: ServerCall { running._withUnsafeGuaranteedRef { $0.call } }

    /// As `call`, without a reference of its own. Not for what goes on to the next call.
    func withCall<Output>(_ body: (ServerCall) -> Output) -> Output {
        running._withUnsafeGuaranteedRef { Unmanaged.passUnretained($0.call) }._withUnsafeGuaranteedRef(body)
    }

    /// Goes on to the next call. Only while the object is unshared.
    ///
    /// - Returns: the call before.
    func move(to call: consuming ServerCall) -> ServerCall {
        running.takeUnretainedValue().replace(with: call)
    }
}
